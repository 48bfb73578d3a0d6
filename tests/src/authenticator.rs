//! An app on somebody's phone that makes codes of a secret and the time, by RFC 6238 alone: it shares nothing with the server.

use baiyo_domain::time::Time;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The app, with one secret.
pub struct Authenticator(Vec<u8>);

impl Authenticator {
    /// Takes the secret that a page shows in text, in groups of four.
    pub fn scan(page: &str) -> Self {
        let shown = page
            .split_once("<code translate=\"no\">")
            .expect("a secret")
            .1
            .split('<')
            .next()
            .unwrap_or_default();
        let letter = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).expect("base 32");
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
        for c in shown.chars().filter(|c| !c.is_whitespace()) {
            (bits, held) = ((bits << 5 | u32::try_from(letter(c)).expect("small")) & 0xfff, held + 5);
            if held >= 8 {
                held -= 8;
                bytes.push(u8::try_from(bits >> held & 0xff).expect("a byte"));
            }
        }
        Self(bytes)
    }

    /// The code at a time, so many steps of 30 s later or earlier.
    pub fn code(&self, at: Time, steps: i64) -> String {
        let counter = u64::try_from(at.micros() / 30_000_000 + steps).expect("after 1970");
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("any length");
        mac.update(&counter.to_be_bytes());
        let mac = mac.finalize().into_bytes();
        let offset = usize::from(mac[19] % 16);
        let four: [u8; 4] = mac[offset..offset + 4].try_into().expect("four");
        format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
    }
}
