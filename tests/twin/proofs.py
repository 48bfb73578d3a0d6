#!/usr/bin/env python3
"""Compares verify.py's tree with roots and inclusion proofs that Baiyo made: Python 3.9 or later, standard library only.

    python3 proofs.py < CASES.json

CASES.json holds `leaves`, `roots` (of the first 0, 1, 2 … leaves) and `proofs`, each with the answer it must get.
`crates/domain/tests/every_proof.rs` writes it. Exit status 0: everything agrees. 1: each disagreement is printed.
"""
import json
import sys

from verify import included, root_of


def main():
    given = json.load(sys.stdin)
    leaves, roots = ([bytes.fromhex(text) for text in given[name]] for name in ("leaves", "roots"))
    wrong = [f"root of {size}" for size, root in enumerate(roots) if root_of(leaves[:size]) != root]
    for case in given["proofs"]:
        leaf, root = bytes.fromhex(case["leaf"]), bytes.fromhex(case["root"])
        proof = map(bytes.fromhex, case["proof"])
        if included(leaf, case["index"], case["size"], proof, root) != case["holds"]:
            wrong.append(f"proof {case}")
    print("\n".join(wrong) or f"{len(roots)} roots and {len(given['proofs'])} proofs agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
