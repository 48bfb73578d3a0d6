#!/usr/bin/env python3
"""Verifies an exported Baiyo journal independently of Baiyo: Python 3.9 or later, standard library only.

    python3 verify.py EXPORT.json [--vkey VKEY] [--checkpoint FILE] [--files FOLDER]

Exit status 0: sound. 1: not sound, each finding is printed. 2: could not be checked.

VKEY is the log's public key and FILE an older checkpoint, both from another source than the export; without
them an export shows only that it agrees with itself. FOLDER holds the files that the entries name, each under its SHA-256.
Written from docs/developer/journal-format.md, RFC 8032 (Ed25519) and RFC 9162 (Merkle trees).
"""
import argparse
import base64
import json
import re
import sys
from hashlib import sha256, sha512
from pathlib import Path

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
HASH = "[0-9a-f]{64}"
KIND = "[a-z0-9_.]+"
HASHED = {"id": UUID, "stream": "[a-z_]+/" + UUID, "version": int, "occurred_at": int, "recorded_at": int,
          "performer": UUID, "recorder": UUID, "command": UUID, "kind": KIND, "schema_version": int}
SIGNATURE = {"person": UUID, "key": UUID, "meaning": "[a-z][a-z0-9_]{0,63}", "at": int, "covers": [HASH],
             "value": str}
DEVICE = {"id": UUID, "name": str}
ENTRY = {**HASHED, "payload": str, "previous_hash": HASH, "hash": HASH, "tree_index": (int, type(None)),
         "proof": ([HASH], type(None))}
EXPORT = {"format": "baiyo-export/[12]", "origin": str, "vkey": str, "checkpoint": str, "complete": bool,
          "signed_kinds": [KIND], "entries": list}
MALFORMED = (LookupError, RecursionError, TypeError, ValueError)


# ---- Ed25519 (RFC 8032 section 5.1). A point is (X, Y, Z, T) with x = X/Z, y = Y/Z and xy = T/Z.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NEUTRAL = (0, 1, 1, 0)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * D * p[3] * q[3], 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(number, point):
    result = NEUTRAL
    for bit in format(number, "b"):
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def decode_point(data):
    odd, y = data[31] >> 7, int.from_bytes(data, "little") % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    expect(y < P and (x * x - square) % P == 0 and (x or not odd), "not a point of the curve")
    x = x if x % 2 == odd else P - x
    return x, y, 1, x * y % P


def verifies(key, message, signature):
    """Section 5.1.7 without the cofactor; a key or an R of small order is refused."""
    try:
        a, r, base = map(decode_point, (key, signature[:32], (4 * pow(5, -1, P) % P).to_bytes(32, "little")))
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % ORDER
    if s >= ORDER or same(multiply(8, a), NEUTRAL) or same(multiply(8, r), NEUTRAL):
        return False
    return same(multiply(s, base), add(r, multiply(k, a)))


# ---- The tree (RFC 9162 section 2.1)

def parent(left, right):
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes):
    """Level by level; a last hash without a sibling rises as it is."""
    while len(hashes) > 1:
        pairs = [parent(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[2 * len(pairs):]
    return hashes[0] if hashes else sha256(b"").digest()


def included(leaf, index, size, proof, root):
    """Section 2.1.3.2."""
    place, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            leaf = parent(sibling, leaf)
            while place and place % 2 == 0:
                place, last = place // 2, last // 2
        else:
            leaf = parent(leaf, sibling)
        place, last = place // 2, last // 2
    return last == 0 and leaf == root


# ---- The forms (docs/developer/journal-format.md)

def expect(condition, fault):
    if not condition:
        raise ValueError(fault)


def fits(value, form):
    """Whether a value is of a form: a type, a pattern of a text, [the form of each] or (this, or that)."""
    if isinstance(form, tuple):
        return any(fits(value, each) for each in form)
    if isinstance(form, list):
        return type(value) is list and all(fits(each, form[0]) for each in value)
    return type(value) is form if isinstance(form, type) else type(value) is str and re.fullmatch(form, value)


def expect_forms(values, forms, what):
    expect(type(values) is dict, f"malformed {what}")
    for name, form in forms.items():
        expect(name in values and fits(values[name], form), f"malformed {what}: {name}")


def expect_source(source):
    expect(type(source) is dict and list(source) in (["means"], ["means", "device"]), "malformed source")
    expect(source["means"] in ("session", "badge", "program", "instrument"), "malformed source: means")
    if "device" in source:
        expect_forms(source["device"], DEVICE, "source")
        expect(list(source["device"]) == list(DEVICE), "malformed source")
    else:
        expect(source["means"] == "session", "the source has no device")


def unbase64(text, length=None):
    data = base64.b64decode(text, validate=True)
    expect(base64.b64encode(data).decode() == text and length in (None, len(data)), "malformed base64")
    return data


def unique(pairs):
    expect(len(dict(pairs)) == len(pairs), "a member stands twice in a JSON object")
    return dict(pairs)


def read_vkey(text):
    found = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+(\S+)", text)
    expect(found, "the log's key is not of the form name+id+key")
    name, key = found[1], unbase64(found[3], 33)
    key_id = sha256(name.encode() + b"\n" + key).digest()[:4]
    expect(key[0] == 1 and key_id.hex() == found[2], "the log's key does not fit its id")
    return name, key_id, key[1:]


def open_checkpoint(note, vkey):
    """The size and root that a checkpoint states, once it is known to be the log's."""
    name, key_id, key = vkey
    found = re.fullmatch(r"(([^\n]+)\n(0|[1-9][0-9]{0,19})\n([^\n]+)\n)\n— ([^\n ]+) ([^\n]+)\n", note)
    expect(found, "malformed")
    text, origin, size, root, signer, signature = found.groups()
    size, root, signature = int(size), unbase64(root, 32), unbase64(signature, 68)
    expect(size < 2**64, "malformed")
    expect((origin, signer, signature[:4]) == (name, name, key_id), "another log's or signed by another key")
    expect(verifies(key, text.encode(), signature[4:]), "its signature does not verify")
    return size, root


class Entry:
    """One entry of the export, each field of its form."""

    def __init__(self, place, raw, export_format):
        expect_forms(raw, ENTRY, "entry")
        # The first form of exports knew no sources.
        self.parts = ("event", "signature") if export_format.endswith("/1") else ("event", "source", "signature")
        self.place, self.unsigned, self.event, self.signature = place, b"", None, None
        for name in ENTRY:
            setattr(self, name, raw[name])
        self.payload = unbase64(self.payload)

    def computed_hash(self):
        fields = [str(getattr(self, name)).encode() for name in HASHED]
        fields += [self.payload, bytes.fromhex(self.previous_hash)]
        return sha256(b"\x00" + b"".join(len(f).to_bytes(4, "big") + f for f in fields)).hexdigest()

    def read_payload(self):
        """Parts event, source and signature; writing them again must give the same bytes."""
        members = json.loads(self.payload.decode(), object_pairs_hook=unique)
        known = [name for name in self.parts if name in members]
        expect(type(members) is dict and "event" in known and list(members) == known, "not an event")
        signature, unsigned, rest = members.get("signature"), self.payload, b"}"
        if "signature" in members:
            expect_forms(signature, SIGNATURE, "signature")
            expect(list(signature) == list(SIGNATURE), "the signature has other members")
            rest = b',"signature":' + json.dumps(signature, separators=(",", ":")).encode() + b"}"
            unsigned = self.payload[:-len(rest)] + b"}"
            signature["value"] = unbase64(signature["value"], 64)
        source = b""
        if "source" in members:
            expect_source(members["source"])
            source = b',"source":' + json.dumps(members["source"], separators=(",", ":"), ensure_ascii=False).encode()
            expect(unsigned.endswith(source + b"}"), "written otherwise than in its only form")
        event = unsigned[len('{"event":'):-1 - len(source)].strip()
        expect(self.payload == b'{"event":' + event + source + rest, "written otherwise than in its only form")
        self.unsigned, self.event, self.signature = unsigned, members["event"], signature

    def manifest(self, origin):
        s = self.signature
        lines = ["baiyo signature v1", origin, self.stream, self.version, self.previous_hash,
                 sha256(self.unsigned).hexdigest(), s["person"], s["key"], s["meaning"], s["at"],
                 len(s["covers"]), *s["covers"]]
        return "".join(f"{line}\n" for line in lines).encode()


# ---- The checks. report(entry, what) notes a finding; None in place of an entry means the whole export.

def check_chains(entries, report):
    ends = {}
    for entry in entries:
        version, link = ends.get(entry.stream, (0, "0" * 64))
        if entry.computed_hash() != entry.hash:
            report(entry, "its hash is not that of its content: it was altered")
        if entry.version != version + 1:
            report(entry, f"version {version + 1} is due here: an entry is missing or out of order")
        elif entry.previous_hash != link:
            report(entry, "its previous_hash is not the hash of the entry before it")
        # The stated hash is carried on, so that one altered entry does not accuse all that follow.
        ends[entry.stream] = (entry.version, entry.hash)


def check_tree(entries, complete, size, root, report):
    """Returns the leaves in order where all are there, else None."""
    leaves = {}
    for entry in (entry for entry in entries if entry.tree_index is not None):
        leaf, index, proof = bytes.fromhex(entry.hash), entry.tree_index, entry.proof
        if index in leaves or not 0 <= index < size:
            report(entry, f"tree index {index} is another entry's or outside the checkpoint")
        elif proof is None and not complete:
            report(entry, "it has no inclusion proof")
        elif proof is not None and not included(leaf, index, size, map(bytes.fromhex, proof), root):
            report(entry, "its inclusion proof does not lead to the checkpoint's root")
        leaves[index] = leaf
    if not complete:
        return None
    absent = [index for index in range(min(size, len(leaves) + 1)) if index not in leaves]
    if absent:
        report(None, f"tree index {absent[0]} is absent: an entry is missing")
        return None
    ordered = [leaves[index] for index in range(size)]
    if root_of(ordered) != root:
        report(None, "the root over all entries is not the checkpoint's")
    return ordered


def fault_of(entry, trusted, origin):
    """What is wrong with an entry's signature, or None."""
    signature = entry.signature
    if signature["key"] not in trusted:
        return "its key's registration does not chain to the first administrator's"
    person, key, registration = trusted[signature["key"]]
    if signature["person"] != person:
        return "it is signed with another person's key"
    if registration.recorded_at > entry.recorded_at:
        return "it is signed with a key that was registered later"
    if any(r.stream == registration.stream and r.version > registration.version and r.recorded_at < entry.recorded_at
           for _, _, r in trusted.values()):
        return "it is signed with a key that another one had replaced"
    if not verifies(key, entry.manifest(origin), signature["value"]):
        return "its signature does not verify"
    return None


CONFIRMING = ("administrator", "facility_manager", "manufacturing_lead", "releaser")


def somebody_to_ask(entry, entries):
    """Whether anybody but owner and signer had a key and a role then by which he could sign for who made this one."""
    known, held = set(), {}
    for e in (e for e in entries if e.stream.startswith("person/") and e.recorded_at < entry.recorded_at):
        fact = (e.event or {}).get("person", {})
        roles = held.setdefault(e.stream, set())
        known.update([e.stream] if "key_registered" in fact else [])
        roles.update([fact["role_granted"]["role"]] if "role_granted" in fact else [])
        roles -= roles if "left" in fact else {fact["role_ended"]["role"]} if "role_ended" in fact else set()
    others = known - {entry.stream, "person/" + entry.signature["person"]}
    return any(held[stream] & set(CONFIRMING) for stream in others)


def seconded(entry, entries, trusted, origin):
    """Whether the second person whom a registration names signed before it that he knows who made the key."""
    key, registrar = entry.event["person"]["key_registered"], entry.signature["person"]
    second = key.get("second_checker")
    if second is None or second in (registrar, entry.stream[len("person/"):]):
        return False
    return any(e.kind == "person.identity_confirmed" and e.stream == entry.stream and e.version < entry.version
               and e.signature and [e.event.get("person", {}).get("identity_confirmed", {}).get(member)
                                    for member in ("key", "public_key")] == [key["key"], key["public_key"]]
               and (e.signature["person"], e.signature["meaning"]) == (second, "identity_check")
               and fault_of(e, trusted, origin) is None for e in entries)


def trusted_keys(entries, origin, report):
    """The keys whose registrations chain to the first administrator's: id -> (person, key, registration). One that
    replaces an older one, or was registered when there was somebody else to ask, needs a second person's signature."""
    registered, trusted = {}, {}
    for entry in (entry for entry in entries if entry.kind == "person.key_registered"):
        try:
            key = entry.event["person"]["key_registered"]
            expect(entry.stream.startswith("person/") and fits(key["key"], UUID), "not a person's key")
            row = (entry.stream[len("person/"):], unbase64(key["public_key"], 32), entry)
        except MALFORMED:
            report(entry, "it registers no key of a person")
            continue
        if entry.signature is None:
            report(entry, "it registers a key and is not signed")
        elif registered.setdefault(key["key"], row) is not row:
            report(entry, "it registers a key a second time")
    earliest = min((entry.recorded_at for _, _, entry in registered.values()), default=None)
    for key, (person, _, entry) in registered.items():
        signer = (entry.signature["person"], entry.signature["key"], entry.signature["meaning"])
        if not trusted and signer == (person, key, "key_registration") and entry.recorded_at == earliest:
            trusted[key] = registered[key]
        elif person == signer[0] or key == signer[1]:
            report(entry, "only the first administrator's key, the earliest, is registered by its own person")
    oldest = {}
    for person, _, entry in registered.values():
        oldest[person] = min(oldest.get(person, entry), entry, key=lambda e: e.version)
    alone = {key: oldest[person] is entry and not somebody_to_ask(entry, entries)
             for key, (person, _, entry) in registered.items()}
    found = True
    while found:
        found = [key for key, (person, _, entry) in registered.items() if key not in trusted
                 and person != entry.signature["person"] and fault_of(entry, trusted, origin) is None
                 and (alone[key] or seconded(entry, entries, trusted, origin))]
        trusted.update((key, registered[key]) for key in found)
    for key, (person, _, entry) in registered.items():
        if key not in trusted and not alone[key] and fault_of(entry, trusted, origin) is None:
            report(entry, "no second person signed that he knows who made the key, though there was one to ask")
    return trusted


def check_signatures(entries, origin, signed_kinds, report):
    trusted = trusted_keys(entries, origin, report)
    for entry in entries:
        fault = fault_of(entry, trusted, origin) if entry.signature else None
        if fault:
            report(entry, fault)
        elif entry.signature is None and entry.kind in signed_kinds:
            report(entry, "it must be signed and is not")
    return trusted


def check_outside(note, vkey, size, root, leaves, report):
    """Compares with an older checkpoint; returns why that could not be done, or None."""
    try:
        old_size, old_root = open_checkpoint(note, vkey)
    except MALFORMED as error:
        return report(None, f"the outside checkpoint is not this log's: {error}")
    if old_size > size:
        return report(None, f"the outside checkpoint has {old_size} entries, its own only {size}")
    if old_size < size and leaves is None:
        return "an older checkpoint can only be compared with a complete export that lacks nothing"
    if old_root != (root if old_size == size else root_of(leaves[:old_size])):
        report(None, "the outside checkpoint has another root: entries before it were changed")
    return None


def named_files(value, name=None):
    """The SHA-256 of each file that an event names."""
    if name == "blob" and fits(value, HASH):
        yield value
    for inner, each in value.items() if type(value) is dict else enumerate(value) if type(value) is list else ():
        yield from named_files(each, inner)


def check_files(entries, folder, report):
    """Checks that each file that an entry names is there and is what its name says; how many there are."""
    there = {path.name.split(".")[0]: path for path in Path(folder).iterdir()}
    seen = {}
    for entry in entries:
        for name in named_files(entry.event):
            if name not in seen:
                path = there.get(name)
                seen[name] = None if path is None else sha256(path.read_bytes()).hexdigest()
            if seen[name] != name:
                report(entry, f"the file {name} that it names " + ("is missing" if seen[name] is None else "was altered"))
    return len(seen)


def main():
    arguments = argparse.ArgumentParser(description="Verifies an exported Baiyo journal.")
    arguments.add_argument("export", metavar="EXPORT.json")
    arguments.add_argument("--vkey", help="the log's public key, from another source")
    arguments.add_argument("--checkpoint", metavar="FILE", help="an older checkpoint, from another source")
    arguments.add_argument("--files", metavar="FOLDER", help="the files that the entries name")
    arguments = arguments.parse_args()
    try:
        with open(arguments.export, encoding="utf-8") as file:
            export = json.load(file, object_pairs_hook=unique)
        expect_forms(export, EXPORT, "export")
        given = export["vkey"] if arguments.vkey is None else arguments.vkey
        vkey, outside = read_vkey(given), None
        if arguments.checkpoint is not None:
            with open(arguments.checkpoint, encoding="utf-8", newline="") as file:
                outside = file.read()
    except (OSError, *MALFORMED) as error:
        print(f"could not be checked: {error}")
        return 2

    entries, findings = [], []

    def report(entry, what):
        name = f"entry {entry.id} {entry.stream} version {entry.version}" if entry else "the export"
        findings.append((entry.place if entry else len(export["entries"]), f"{name}: {what}"))

    for place, raw in enumerate(export["entries"]):
        try:
            entries.append(Entry(place, raw, export["format"]))
        except MALFORMED as error:
            findings.append((place, f"entry number {place + 1} in the file, {ascii(raw)[:60]}: {error}"))
            continue
        try:
            entries[-1].read_payload()
        except MALFORMED as error:
            report(entries[-1], f"its payload cannot be read: {error}")

    if (export["origin"], export["vkey"]) != (vkey[0], given):
        report(None, "it names another log or another key of the log")
    check_chains(entries, report)
    trusted = check_signatures(entries, export["origin"], export["signed_kinds"], report)
    unchecked, files = None, 0
    if arguments.files is not None:
        try:
            files = check_files(entries, arguments.files, report)
        except OSError as error:
            unchecked = f"its files cannot be read: {error}"
    try:
        size, root = open_checkpoint(export["checkpoint"], vkey)
    except MALFORMED as error:
        report(None, f"its checkpoint is not this log's: {error}")
    else:
        leaves = check_tree(entries, export["complete"], size, root, report)
        if outside is not None:
            unchecked = unchecked or check_outside(outside, vkey, size, root, leaves, report)

    for _, finding in sorted(findings, key=lambda found: found[0]):
        print(finding)
    if findings or unchecked:
        print(f"NOT SOUND: {len(findings)} findings" if findings else f"could not be checked: {unchecked}")
        return 1 if findings else 2
    sealed = sum(entry.tree_index is not None for entry in entries)
    signed = sum(entry.signature is not None for entry in entries)
    print(f"SOUND: {len(entries)} entries, {signed} signed, {sealed} under the checkpoint of size {size}")
    if arguments.files is not None:
        print(f"{files} files are what the entries say")
    print("This is", "the whole" if export["complete"] else "a part", "of the journal", ascii(vkey[0]))
    print("Kinds that must be signed:", ", ".join(export["signed_kinds"]) or "none")
    for key, (person, public, _) in list(trusted.items())[:1]:
        print(f"First administrator: person {person}, key {key}, {base64.b64encode(public).decode()}")
    if arguments.vkey is None:
        print("The log's key was taken from the export: give --vkey to know whose journal this is")
    return 0


if __name__ == "__main__":
    sys.exit(main())
