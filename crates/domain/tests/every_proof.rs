//! Every Merkle proof up to 257 entries against RFC 6962 section 2.1 written down as it stands there, and against the
//! verifier in Python; and a hundred thousand altered ones, none of which may pass.

use baiyo_domain::journal::Hash;
use baiyo_domain::journal::tree::{
    append, consistency_proof, inclusion_proof, root, verify_consistency, verify_inclusion,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

/// One more than a power of two: the last tree has a lone leaf beside eight full levels.
const MOST: usize = 257;

/// The definitions of RFC 6962 section 2.1 on lists, as recursive as they are there. Only the subtree hashes are
/// remembered, without which the same few would be computed millions of times.
struct Rfc {
    items: Vec<Vec<u8>>,
    known: RefCell<HashMap<Range<usize>, Hash>>,
}

impl Rfc {
    fn of(items: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { items: items.into_iter().collect(), known: RefCell::default() }
    }

    /// MTH(D[n]) over the items of a range.
    fn mth(&self, list: Range<usize>) -> Hash {
        if let Some(hash) = self.known.borrow().get(&list) {
            return *hash;
        }
        let hash = match list.len() {
            0 => Hash::of(b""),
            1 => leaf(&self.items[list.start]),
            n => {
                let middle = list.start + k(n);
                node(self.mth(list.start..middle), self.mth(middle..list.end))
            }
        };
        self.known.borrow_mut().insert(list, hash);
        hash
    }

    /// PATH(m, D[n]).
    fn path(&self, m: usize, list: Range<usize>) -> Vec<Hash> {
        if list.len() == 1 {
            return Vec::new();
        }
        let (k, middle) = (k(list.len()), list.start + k(list.len()));
        let (mut path, sibling) = if m < k {
            (self.path(m, list.start..middle), middle..list.end)
        } else {
            (self.path(m - k, middle..list.end), list.start..middle)
        };
        path.push(self.mth(sibling));
        path
    }

    /// SUBPROOF(m, D[n], b); PROOF(m, D[n]) is that with `true`.
    fn subproof(&self, m: usize, list: Range<usize>, whole: bool) -> Vec<Hash> {
        if m == list.len() {
            return if whole { Vec::new() } else { vec![self.mth(list)] };
        }
        let (k, middle) = (k(list.len()), list.start + k(list.len()));
        let (mut proof, sibling) = if m <= k {
            (self.subproof(m, list.start..middle, whole), middle..list.end)
        } else {
            (self.subproof(m - k, middle..list.end, false), list.start..middle)
        };
        proof.push(self.mth(sibling));
        proof
    }
}

/// The largest power of two below `n`.
fn k(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

fn leaf(item: &[u8]) -> Hash {
    Hash(Sha256::digest([&[0], item].concat()).into())
}

fn node(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::digest([&[1], &left.0[..], &right.0[..]].concat()).into())
}

/// The root that a path leads to, read off the definition of PATH from its end; nothing where it is too short or too
/// long.
fn led_to(leaf: Hash, m: usize, n: usize, path: &[Hash]) -> Option<Hash> {
    match (n, path.split_last()) {
        (1, None) => Some(leaf),
        (2.., Some((sibling, below))) if m < k(n) => Some(node(led_to(leaf, m, k(n), below)?, *sibling)),
        (2.., Some((sibling, below))) => Some(node(*sibling, led_to(leaf, m - k(n), n - k(n), below)?)),
        _ => None,
    }
}

/// The product's tree, its complete subtrees kept as the database keeps them.
struct Kept {
    nodes: BTreeMap<(u8, u64), Hash>,
    leaves: Vec<Hash>,
    roots: Vec<Hash>,
}

impl Kept {
    fn of(leaves: Vec<Hash>) -> Self {
        let mut kept = Self { nodes: BTreeMap::new(), roots: vec![Hash::of(b"")], leaves };
        for size in 0..kept.leaves.len() {
            let new = append(size as u64, kept.leaves[size], kept.nodes()).unwrap();
            kept.nodes.extend(new.into_iter().map(|(level, index, hash)| ((level, index), hash)));
            kept.roots.push(root(size as u64 + 1, kept.nodes()).unwrap());
        }
        kept
    }

    fn full() -> (Rfc, Self) {
        let rfc = Rfc::of((0..MOST).map(|index| format!("entry {index}").into_bytes()));
        let kept = Self::of(rfc.items.iter().map(|item| leaf(item)).collect());
        (rfc, kept)
    }

    fn nodes(&self) -> impl Fn(u8, u64) -> Result<Option<Hash>, Infallible> {
        |level, index| Ok(self.nodes.get(&(level, index)).copied())
    }

    fn inclusion(&self, index: usize, size: usize) -> Inclusion {
        let proof = inclusion_proof(index as u64, size as u64, self.nodes()).unwrap();
        Inclusion { leaf: self.leaves[index], index, size, proof, root: self.roots[size] }
    }

    fn consistency(&self, old: usize, new: usize) -> Consistency {
        let proof = consistency_proof(old as u64, new as u64, self.nodes()).unwrap();
        Consistency { old, new, old_root: self.roots[old], new_root: self.roots[new], proof }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Inclusion {
    leaf: Hash,
    index: usize,
    size: usize,
    proof: Vec<Hash>,
    root: Hash,
}

impl Inclusion {
    fn holds(&self) -> bool {
        verify_inclusion(self.leaf, self.index as u64, self.size as u64, &self.proof, self.root)
    }

    fn case(&self) -> Value {
        let proof: Vec<String> = self.proof.iter().map(Hash::to_string).collect();
        json!({ "leaf": self.leaf.to_string(), "index": self.index, "size": self.size, "proof": proof,
            "root": self.root.to_string(), "holds": self.holds() })
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Consistency {
    old: usize,
    new: usize,
    old_root: Hash,
    new_root: Hash,
    proof: Vec<Hash>,
}

impl Consistency {
    fn holds(&self) -> bool {
        verify_consistency(self.old as u64, self.new as u64, self.old_root, self.new_root, &self.proof)
    }
}

/// SplitMix64: the same proofs are altered in the same way on every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn within(&mut self, range: Range<usize>) -> usize {
        range.start + self.below(range.len())
    }

    fn flip(&mut self, hash: &mut Hash) {
        let bit = self.below(256);
        hash.0[bit / 8] ^= 1 << (bit % 8);
    }

    fn off_by_one(&mut self, number: usize) -> usize {
        if self.below(2) == 0 { number.wrapping_sub(1) } else { number + 1 }
    }

    /// A bit flipped, a hash dropped, added, doubled, or two exchanged; the proof itself where it is too short for that.
    fn alter(&mut self, proof: &[Hash], kept: &Kept) -> Vec<Hash> {
        let mut altered = proof.to_vec();
        let len = altered.len();
        match self.below(5) {
            0 if len > 0 => {
                let place = self.below(len);
                self.flip(&mut altered[place]);
            }
            1 if len > 0 => {
                altered.remove(self.below(len));
            }
            2 => {
                // A hash that belongs to this very tree is the likeliest to be let through.
                let foreign = *kept.nodes.values().nth(self.below(kept.nodes.len())).unwrap();
                altered.insert(self.below(len + 1), foreign);
            }
            3 if len > 0 => {
                let place = self.below(len);
                altered.insert(place, altered[place]);
            }
            4 if len > 1 => altered.swap(self.below(len), self.below(len)),
            _ => {}
        }
        altered
    }
}

#[test]
fn every_proof_is_the_one_the_rfc_defines_and_verifies() {
    let (rfc, kept) = Kept::full();
    let mut proofs = 0;
    for size in 0..=MOST {
        assert_eq!(kept.roots[size], rfc.mth(0..size), "size {size}");
        for index in 0..size {
            let claim = kept.inclusion(index, size);
            assert_eq!(claim.proof, rfc.path(index, 0..size), "{index} in {size}");
            assert!(claim.holds(), "{index} in {size}");
            proofs += 1;
        }
        for old in 0..=size {
            let claim = kept.consistency(old, size);
            // The RFC defines none from an empty tree: there is nothing to show.
            let defined = if old == 0 { Vec::new() } else { rfc.subproof(old, 0..size, true) };
            assert_eq!(claim.proof, defined, "{old} to {size}");
            assert!(claim.holds(), "{old} to {size}");
            proofs += 1;
        }
    }
    assert_eq!(proofs, 257 * 258 / 2 + 258 * 259 / 2);
}

/// A size or root alone fixes nothing: both come from one signed checkpoint. So a size that is off by one comes with
/// the root of that size; what a wrong size does under the right root, the next test compares with the definition.
#[test]
fn none_of_a_hundred_thousand_altered_proofs_verifies() {
    let (_, kept) = Kept::full();
    let mut chance = Chance(6962);
    let (mut inclusions, mut consistencies) = (0, 0);
    while inclusions < 50_000 {
        let size = chance.within(1..MOST);
        let sound = kept.inclusion(chance.below(size), size);
        assert!(sound.holds());
        let mut claim = sound.clone();
        match chance.below(10) {
            0..5 => claim.proof = chance.alter(&sound.proof, &kept),
            5 => claim.index = chance.off_by_one(sound.index),
            6 => {
                claim.size = chance.off_by_one(size);
                claim.root = kept.roots[claim.size];
            }
            7 => claim.root = kept.roots[chance.below(MOST + 1)],
            8 => chance.flip(&mut claim.root),
            _ => chance.flip(&mut claim.leaf),
        }
        if claim != sound {
            assert!(!claim.holds(), "{claim:?} instead of {sound:?}");
            inclusions += 1;
        }
    }
    while consistencies < 50_000 {
        let new = chance.within(2..MOST);
        let sound = kept.consistency(chance.within(1..new), new);
        assert!(sound.holds());
        let mut claim = sound.clone();
        match chance.below(11) {
            0..5 => claim.proof = chance.alter(&sound.proof, &kept),
            5 => {
                claim.old = chance.off_by_one(sound.old);
                claim.old_root = kept.roots[claim.old];
            }
            6 => {
                claim.new = chance.off_by_one(new);
                claim.new_root = kept.roots[claim.new];
            }
            7 => claim.old_root = kept.roots[chance.below(MOST + 1)],
            8 => claim.new_root = kept.roots[chance.below(MOST + 1)],
            9 => chance.flip(&mut claim.old_root),
            _ => chance.flip(&mut claim.new_root),
        }
        if claim != sound {
            assert!(!claim.holds(), "{claim:?} instead of {sound:?}");
            consistencies += 1;
        }
    }
}

#[test]
fn a_proof_offered_for_any_other_place_passes_only_where_the_definition_leads_to_the_root() {
    let (_, kept) = Kept::full();
    let (mut offered, mut elsewhere) = (0, 0);
    for size in 1..=20 {
        for index in 0..size {
            let sound = kept.inclusion(index, size);
            for other_size in 1..=24 {
                for other in 0..other_size {
                    let claim = Inclusion { index: other, size: other_size, ..sound.clone() };
                    let leads = led_to(claim.leaf, other, other_size, &claim.proof) == Some(claim.root);
                    assert_eq!(claim.holds(), leads, "{claim:?}");
                    // Its own place is told from every other by index and size where the size is the checkpoint's.
                    assert!(!leads || other_size != size || other == index, "{claim:?}");
                    offered += 1;
                    elsewhere += usize::from(leads && other_size != size);
                }
            }
        }
    }
    assert_eq!(offered, 210 * 300);
    assert!(elsewhere > 0, "a root does not fix the size: whoever checks must take both from the checkpoint");
}

#[test]
fn a_subtree_is_never_taken_for_an_entry() {
    let (_, kept) = Kept::full();
    let mut offered = 0;
    for size in 2..=40 {
        for (level, place) in
            kept.nodes.keys().filter(|(level, place)| *level > 0 && (place + 1) << level <= size as u64)
        {
            // The proof of what lies above the subtree is the end of the proof of any leaf within.
            let within = kept.inclusion((place << level) as usize, size);
            let above = within.proof[usize::from(*level)..].to_vec();
            let leaf = kept.nodes[&(*level, *place)];
            let claim = |index, proof: &[Hash]| Inclusion {
                leaf,
                index,
                size,
                proof: proof.to_vec(),
                ..within.clone()
            };
            for index in 0..size {
                assert!(!claim(index, &above).holds(), "{level}/{place} as {index} of {size}");
                assert!(!claim(index, &within.proof).holds(), "{level}/{place} as {index} of {size}");
                offered += 2;
            }
            // The control: as the leaf of a tree of such subtrees, it is led to the root by the very same hashes.
            if size % (1 << level) == 0 {
                assert_eq!(led_to(leaf, *place as usize, size >> level, &above), Some(within.root));
            }
        }
    }
    assert!(offered > 10_000, "only {offered}");
}

#[test]
fn an_entry_is_never_taken_for_a_subtree() {
    for pairs in 1..=64 {
        let items: Vec<Vec<u8>> = (0..2 * pairs).map(|index| format!("entry {index}").into_bytes()).collect();
        let whole = Kept::of(items.iter().map(|item| leaf(item)).collect());
        // Whoever writes entries writes one that holds the very bytes which are hashed in a subtree.
        let joined = |pair: &[Vec<u8>]| [leaf(&pair[0]).0, leaf(&pair[1]).0].concat();
        let forged = Kept::of(items.chunks(2).map(|pair| leaf(&joined(pair))).collect());
        assert_ne!(forged.roots[pairs], whole.roots[2 * pairs]);
        for index in 0..pairs {
            let sound = whole.inclusion(2 * index, 2 * pairs);
            let above = sound.proof[1..].to_vec();
            let claim =
                Inclusion { leaf: forged.leaves[index], index, size: pairs, proof: above, root: sound.root };
            assert!(!claim.holds(), "{index} of {pairs}");
            // The control: only the byte in front tells them apart. Hashed as a subtree, the same bytes pass.
            let subtree = whole.nodes[&(1, index as u64)];
            assert!(Inclusion { leaf: subtree, ..claim }.holds());
        }
    }
}

#[test]
fn the_verifier_in_python_agrees_on_every_root_and_on_sound_and_altered_proofs() {
    let (_, kept) = Kept::full();
    let mut chance = Chance(9162);
    let mut cases = Vec::new();
    while cases.len() < 600 {
        let size = chance.within(1..MOST + 1);
        let mut claim = kept.inclusion(chance.below(size), size);
        match chance.below(6) {
            0 => claim.proof = chance.alter(&claim.proof, &kept),
            1 => claim.index = chance.below(size),
            2 => claim.size = chance.within(claim.index + 1..MOST + 2),
            3 => claim.root = kept.roots[chance.below(MOST + 1)],
            _ => {}
        }
        cases.push(claim.case());
    }
    let sound = cases.iter().filter(|case| case["holds"] == true).count();
    assert!((200..500).contains(&sound), "{sound} of 600 hold: both answers must be asked for");
    let texts = |hashes: &[Hash]| hashes.iter().map(Hash::to_string).collect::<Vec<_>>();
    let input = json!({ "leaves": texts(&kept.leaves), "roots": texts(&kept.roots), "proofs": cases });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/twin/proofs.py");
    let mut python = Command::new("python3")
        .arg("-B")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "258 roots and 600 proofs agree");
}
