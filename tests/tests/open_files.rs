//! Each connection is an open file: the server may have as many as the system lets it, whatever it was started with.

use rlimit::Resource;
use stories::Centre;

#[test]
fn the_server_raises_its_limit_of_open_files_and_says_where_that_is_too_low() {
    let mut centre = Centre::open();
    centre.stop();
    let (_, most) = Resource::NOFILE.get().unwrap();
    // Whatever this process starts begins with as few.
    Resource::NOFILE.set(300, most).unwrap();
    let needs = (most + 1).min(100_000).to_string();
    let raised = |centre: &Centre| {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", centre.pid())).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap().to_string();
        let soft = line.split_whitespace().nth(3).unwrap().to_string();
        soft.parse::<u64>().unwrap_or(u64::MAX)
    };
    centre.start_apart_in(&[("BAIYO_CONNECTIONS", "16")]);
    assert_eq!(raised(&centre), most);
    assert!(!centre.log().contains("files may be open"), "{}", centre.log());
    centre.stop();
    Resource::NOFILE.set(300, 300).unwrap();
    centre.start_apart_in(&[("BAIYO_CONNECTIONS", &needs)]);
    assert_eq!(raised(&centre), 300);
    assert!(centre.log().contains(&format!("connections = {needs} needs")), "{}", centre.log());
}
