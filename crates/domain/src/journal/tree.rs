//! The tree over all entries: an RFC 6962 Merkle tree (RFC 9162 section 2.1) whose leaves are the entries'
//! hashes. Only complete subtrees are kept, by level and index, so that a stored hash never changes: the
//! subtree at `(level, index)` spans the leaves from `index · 2^level` up to before `(index + 1) · 2^level`.
//!
//! Where they are kept is the caller's affair. `nodes(level, index)` looks one up; `None` means that it was
//! never stored, which for a complete subtree is damage and is reported as such.

use super::Hash;
use sha2::{Digest, Sha256};

/// Why the tree could not be read or grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError<E> {
    /// A complete subtree that must have been stored is absent.
    #[error("the tree lacks the hash at level {level}, index {index}")]
    Missing {
        /// 0 for leaves.
        level: u8,
        /// The place within the level, from 0.
        index: u64,
    },
    /// A tree of this size has no such leaf or no such earlier tree, or cannot grow.
    #[error("the tree is not that large")]
    Range,
    /// The storage failed.
    #[error(transparent)]
    Storage(E),
}

/// Adds `leaf` to a tree of `size` leaves: every subtree that it completes, itself (level 0) first, as
/// `(level, index, hash)` to be stored.
///
/// # Errors
/// [`TreeError::Missing`] and [`TreeError::Storage`] from reading; [`TreeError::Range`] at `u64::MAX` leaves.
pub fn append<E>(
    size: u64,
    leaf: Hash,
    mut nodes: impl FnMut(u8, u64) -> Result<Option<Hash>, E>,
) -> Result<Vec<(u8, u64, Hash)>, TreeError<E>> {
    if size == u64::MAX {
        return Err(TreeError::Range);
    }
    let mut hash = leaf;
    let mut completed = vec![(0, size, leaf)];
    for level in 0..size.trailing_ones() as u8 {
        hash = parent(node(level, (size >> level) - 1, &mut nodes)?, hash);
        completed.push((level + 1, size >> (level + 1), hash));
    }
    Ok(completed)
}

/// The root of the tree over the first `size` leaves (RFC 9162 section 2.1.1); SHA-256 of nothing where
/// there are none.
///
/// # Errors
/// [`TreeError::Missing`] and [`TreeError::Storage`] from reading.
pub fn root<E>(
    size: u64,
    mut nodes: impl FnMut(u8, u64) -> Result<Option<Hash>, E>,
) -> Result<Hash, TreeError<E>> {
    subtree(0, size, &mut nodes)
}

/// The hashes that lead from leaf `index` to the root over `size` leaves, the leaf's sibling first (RFC 9162
/// section 2.1.3.1).
///
/// # Errors
/// [`TreeError::Range`] where `index` is not below `size`; else as [`root`].
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    mut nodes: impl FnMut(u8, u64) -> Result<Option<Hash>, E>,
) -> Result<Vec<Hash>, TreeError<E>> {
    if index >= size {
        return Err(TreeError::Range);
    }
    let (mut start, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(subtree(middle, end, &mut nodes)?);
            end = middle;
        } else {
            proof.push(subtree(start, middle, &mut nodes)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The hashes that show the tree over `new` leaves to begin with the tree over `old` leaves (RFC 9162 section
/// 2.1.4.1). Empty where `old` is 0 or `new`, since there is then nothing to show.
///
/// # Errors
/// [`TreeError::Range`] where `old` is above `new`; else as [`root`].
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    mut nodes: impl FnMut(u8, u64) -> Result<Option<Hash>, E>,
) -> Result<Vec<Hash>, TreeError<E>> {
    if old > new {
        return Err(TreeError::Range);
    }
    let mut proof = Vec::new();
    if old == 0 {
        return Ok(proof);
    }
    let (mut start, mut end) = (0, new);
    while end > old {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(subtree(middle, end, &mut nodes)?);
            end = middle;
        } else {
            proof.push(subtree(start, middle, &mut nodes)?);
            start = middle;
        }
    }
    // From leaf 0 on, what remains is the old tree itself, whose root the verifier already has.
    if start > 0 {
        proof.push(subtree(start, end, &mut nodes)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` leads from `leaf` at `index` to `root` (RFC 9162 section 2.1.3.2).
///
/// A root alone does not fix the size: `size` and `root` must come from the same checkpoint.
#[must_use]
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = parent(*sibling, hash);
            (place, last) = past_lone(place, last);
        } else {
            hash = parent(hash, *sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && hash == root
}

/// Whether `proof` shows the tree of `new` leaves under `new_root` to begin with the tree of `old` leaves
/// under `old_root` (RFC 9162 section 2.1.4.2; where `old` is 0 or `new`, the proof is empty and the roots
/// speak for themselves).
///
/// A root alone does not fix the size: each size and root must come from the same checkpoint.
#[must_use]
pub fn verify_consistency(old: u64, new: u64, old_root: Hash, new_root: Hash, proof: &[Hash]) -> bool {
    if old == 0 {
        return proof.is_empty() && old_root == Hash::of(b"") && (new > 0 || new_root == old_root);
    }
    if old >= new {
        return old == new && proof.is_empty() && old_root == new_root;
    }
    let shared = (old - 1).trailing_ones();
    let (mut place, mut last) = ((old - 1) >> shared, (new - 1) >> shared);
    let (first, rest) = match (place, proof) {
        // The old tree is one complete subtree of the new one, so the proof begins above it.
        (0, [_, ..]) => (old_root, proof),
        (_, [first, rest @ ..]) => (*first, rest),
        (_, []) => return false,
    };
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old_hash = parent(*sibling, old_hash);
            new_hash = parent(*sibling, new_hash);
            (place, last) = past_lone(place, last);
        } else {
            new_hash = parent(new_hash, *sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && old_hash == old_root && new_hash == new_root
}

/// The hash above two subtrees (RFC 9162 section 2.1.1).
fn parent(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// How many of `leaves` (2 or more) stand left of the root: the largest power of two below.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// Up the levels on which the node at the tree's right edge has no sibling, and so no hash in the proof.
fn past_lone(place: u64, last: u64) -> (u64, u64) {
    let levels = if place == 0 { 0 } else { place.trailing_zeros() };
    (place >> levels, last >> levels)
}

fn node<E>(
    level: u8,
    index: u64,
    nodes: &mut impl FnMut(u8, u64) -> Result<Option<Hash>, E>,
) -> Result<Hash, TreeError<E>> {
    nodes(level, index).map_err(TreeError::Storage)?.ok_or(TreeError::Missing { level, index })
}

/// The root over the leaves `start..end`, which must be a subtree of RFC 9162: made of complete subtrees, one
/// for each bit of its length, smaller to the right.
fn subtree<E>(
    start: u64,
    end: u64,
    nodes: &mut impl FnMut(u8, u64) -> Result<Option<Hash>, E>,
) -> Result<Hash, TreeError<E>> {
    let mut root = None;
    let mut end = end;
    while end > start {
        let level = (end - start).trailing_zeros() as u8;
        end -= 1 << level;
        let left = node(level, end >> level, nodes)?;
        root = Some(root.map_or(left, |right| parent(left, right)));
    }
    Ok(root.unwrap_or_else(|| Hash::of(b"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use ct_merkle::{ConsistencyProof, InclusionProof};
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    const SIZES: u64 = 130;

    /// A tree as the database would keep it, with its root at every size.
    struct Kept {
        nodes: BTreeMap<(u8, u64), Hash>,
        roots: Vec<Hash>,
    }

    impl Kept {
        fn of(leaves: &[Hash]) -> Self {
            let mut kept = Self { nodes: BTreeMap::new(), roots: vec![Hash::of(b"")] };
            for (size, leaf) in leaves.iter().enumerate() {
                for (level, index, hash) in append(size as u64, *leaf, kept.nodes()).unwrap() {
                    assert_eq!(
                        kept.nodes.insert((level, index), hash),
                        None,
                        "a stored hash is never replaced"
                    );
                }
                kept.roots.push(root(size as u64 + 1, kept.nodes()).unwrap());
            }
            kept
        }

        fn nodes(&self) -> impl Fn(u8, u64) -> Result<Option<Hash>, Infallible> {
            |level, index| Ok(self.nodes.get(&(level, index)).copied())
        }

        fn root(&self, size: u64) -> Hash {
            self.roots[size as usize]
        }

        fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
            inclusion_proof(index, size, self.nodes()).unwrap()
        }

        fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
            consistency_proof(old, new, self.nodes()).unwrap()
        }
    }

    fn item(index: u64) -> [u8; 8] {
        index.to_be_bytes()
    }

    fn leaf_of(item: &[u8]) -> Hash {
        Hash::of(&[&[0], item].concat())
    }

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|index| leaf_of(&item(index))).collect()
    }

    fn bytes(proof: &[Hash]) -> Vec<u8> {
        proof.iter().flat_map(|hash| hash.0).collect()
    }

    /// Every proof of one wrong step away from `proof`: a bit flipped, a hash dropped, doubled, added or
    /// exchanged with its neighbour.
    fn mutations(proof: &[Hash], salt: u64) -> Vec<Vec<Hash>> {
        let mut all = Vec::new();
        for place in 0..=proof.len() {
            let mut added = proof.to_vec();
            added.insert(place, Hash([salt as u8; 32]));
            all.push(added);
            if place < proof.len() {
                let bit = (salt as usize * 31 + place * 97) % 256;
                let mut flipped = proof.to_vec();
                flipped[place].0[bit / 8] ^= 1 << (bit % 8);
                let mut dropped = proof.to_vec();
                let hash = dropped.remove(place);
                let mut doubled = proof.to_vec();
                doubled.insert(place, hash);
                all.extend([flipped, dropped, doubled]);
            }
            if place + 1 < proof.len() {
                let mut swapped = proof.to_vec();
                swapped.swap(place, place + 1);
                all.push(swapped);
            }
        }
        all
    }

    fn flipped(hash: Hash, salt: u64) -> Hash {
        let mut hash = hash;
        hash.0[salt as usize % 32] ^= 1 << (salt % 8);
        hash
    }

    #[test]
    fn roots_match_the_published_vectors_of_certificate_transparency() {
        let items: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let kept = Kept::of(&items.map(leaf_of));
        for (size, hex) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(kept.root(size).to_string(), hex, "size {size}");
        }
    }

    #[test]
    fn every_proof_verifies_and_is_the_one_an_independent_implementation_makes() {
        let leaves = leaves(SIZES);
        let kept = Kept::of(&leaves);
        let mut other = MemoryBackedTree::<Sha256, [u8; 8]>::new();
        assert_eq!(bytes(&[kept.root(0)])[..], other.root().as_bytes()[..]);
        for size in 1..=SIZES {
            other.push(item(size - 1));
            let root = other.root();
            assert_eq!(kept.root(size).0[..], root.as_bytes()[..], "size {size}");
            for index in 0..size {
                let proof = kept.inclusion(index, size);
                assert_eq!(
                    bytes(&proof),
                    other.prove_inclusion(index as usize).as_bytes(),
                    "{index} in {size}"
                );
                assert!(verify_inclusion(leaves[index as usize], index, size, &proof, kept.root(size)));
                let theirs = InclusionProof::<Sha256>::from_bytes(bytes(&proof));
                root.verify_inclusion(&item(index), index, &theirs).unwrap();
            }
            for old in 0..=size {
                let proof = kept.consistency(old, size);
                assert!(
                    verify_consistency(old, size, kept.root(old), kept.root(size), &proof),
                    "{old} to {size}"
                );
                if old == 0 || old == size {
                    assert_eq!(proof, []);
                    continue;
                }
                let theirs = other.prove_consistency((size - old) as usize);
                assert_eq!(bytes(&proof), theirs.as_bytes(), "{old} to {size}");
                let old_root = ct_merkle::RootHash::<Sha256>::new(kept.root(old).0.into(), old);
                let ours = ConsistencyProof::try_from_bytes(bytes(&proof)).unwrap();
                root.verify_consistency(&old_root, &ours).unwrap();
            }
        }
    }

    #[test]
    fn no_altered_inclusion_proof_verifies() {
        let leaves = leaves(SIZES);
        let kept = Kept::of(&leaves);
        let mut tried = 0;
        for size in 1..=48 {
            for index in 0..size {
                let (leaf, root) = (leaves[index as usize], kept.root(size));
                let proof = kept.inclusion(index, size);
                let mut refused = |leaf, index, size, proof: &[Hash], root| {
                    tried += 1;
                    assert!(
                        !verify_inclusion(leaf, index, size, proof, root),
                        "{index} in {size}: {proof:?}"
                    );
                };
                for altered in mutations(&proof, size + index) {
                    refused(leaf, index, size, &altered, root);
                }
                refused(flipped(leaf, index), index, size, &proof, root);
                refused(leaf, index, size, &proof, flipped(root, size));
                refused(leaf, index, 0, &proof, root);
                refused(leaf, u64::MAX, size, &proof, root);
                for other in (0..=size).filter(|other| *other != index) {
                    refused(leaf, other, size, &proof, root);
                }
                for other in (1..=SIZES).filter(|other| *other != size) {
                    refused(leaf, index, other, &proof, kept.root(other));
                }
            }
        }
        assert!(tried >= 10_000, "only {tried}");
    }

    #[test]
    fn no_altered_consistency_proof_verifies() {
        let kept = Kept::of(&leaves(SIZES));
        let mut tried = 0;
        for new in 1..=48 {
            for old in 1..=new {
                let (old_root, new_root) = (kept.root(old), kept.root(new));
                let proof = kept.consistency(old, new);
                let mut refused = |old, new, old_root, new_root, proof: &[Hash]| {
                    tried += 1;
                    assert!(
                        !verify_consistency(old, new, old_root, new_root, proof),
                        "{old} to {new}: {proof:?}"
                    );
                };
                for altered in mutations(&proof, old + new) {
                    refused(old, new, old_root, new_root, &altered);
                }
                refused(old, new, flipped(old_root, old), new_root, &proof);
                refused(old, new, old_root, flipped(new_root, new), &proof);
                refused(new + 1, new, kept.root(new + 1), new_root, &proof);
                for other in (1..=SIZES).filter(|other| *other != old) {
                    refused(other, new, kept.root(other), new_root, &proof);
                }
                for other in (1..=SIZES).filter(|other| *other != new) {
                    refused(old, other, old_root, kept.root(other), &proof);
                }
            }
        }
        assert!(tried >= 10_000, "only {tried}");
    }

    #[test]
    fn nothing_is_consistent_with_the_empty_tree_but_an_empty_proof() {
        let kept = Kept::of(&leaves(3));
        let empty = kept.root(0);
        assert!(verify_consistency(0, 0, empty, empty, &[]));
        assert!(!verify_consistency(0, 0, empty, kept.root(1), &[]));
        assert!(!verify_consistency(0, 3, kept.root(1), kept.root(3), &[]));
        assert!(!verify_consistency(0, 3, empty, kept.root(3), &[kept.root(3)]));
    }

    #[test]
    fn damage_and_impossible_requests_are_errors_not_panics() {
        let nowhere = |_: u8, _: u64| Ok::<_, Infallible>(None);
        let missing = |level, index| TreeError::Missing { level, index };
        assert_eq!(append(5, Hash::ZERO, nowhere), Err(missing(0, 4)));
        assert_eq!(append(u64::MAX, Hash::ZERO, nowhere), Err(TreeError::Range));
        assert_eq!(append(u64::MAX - 1, Hash::ZERO, nowhere).map(|new| new.len()), Ok(1));
        assert_eq!(root(u64::MAX, nowhere), Err(missing(0, u64::MAX - 1)));
        assert_eq!(root(1 << 63, nowhere), Err(missing(63, 0)));
        assert_eq!(inclusion_proof(3, 3, nowhere), Err(TreeError::Range));
        assert_eq!(inclusion_proof(0, u64::MAX, nowhere), Err(missing(0, u64::MAX - 1)));
        assert_eq!(consistency_proof(4, 3, nowhere), Err(TreeError::Range));
        assert_eq!(consistency_proof(1, u64::MAX, nowhere), Err(missing(0, u64::MAX - 1)));
        assert_eq!(root(1, |_, _| Err("gone")), Err(TreeError::Storage("gone")));
        let proof = [Hash::ZERO; 70];
        assert!(!verify_inclusion(Hash::ZERO, u64::MAX - 1, u64::MAX, &proof, Hash::ZERO));
        assert!(!verify_consistency(u64::MAX - 1, u64::MAX, Hash::ZERO, Hash::ZERO, &proof));
        assert!(!verify_consistency(1 << 63, u64::MAX, Hash::ZERO, Hash::ZERO, &proof));
    }
}
