"""Bring the console's three JavaScript libraries into the tree, unmodified, by what ``vendor.json`` pins.

Needs npm. Each package is packed into a scratch folder, its tarball compared with the pinned digest, and the named
files copied beside ``vendor.json`` with the digest of each. A new version: change ``version``, run with ``--accept``.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parent / "static" / "vendor"


def digest(content: bytes, algorithm: str) -> str:
    """As subresource integrity writes it."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


def fetch(package: dict[str, object], *, accept: bool) -> None:
    """Pack one package and copy its files."""
    with tempfile.TemporaryDirectory() as scratch:
        named = f"{package['package']}@{package['version']}"
        packed = subprocess.run(  # noqa: S603 - a pinned package
            ["npm", "pack", "--silent", named],  # noqa: S607 - npm from the path
            cwd=scratch,
            check=True,
            capture_output=True,
            text=True,
        )
        tarball = Path(scratch) / packed.stdout.strip().splitlines()[-1]
        found = digest(tarball.read_bytes(), "sha512")
        if not accept and found != package["integrity"]:
            raise SystemExit(f"{named} is not what vendor.json pins: {found}")
        package["integrity"] = found
        with tarfile.open(tarball) as archive:
            for file in package["files"]:  # type: ignore[attr-defined]  # JSON
                member = archive.extractfile(f"package/{file['source']}")
                if member is None:
                    raise SystemExit(f"{named} holds no {file['source']}")
                content = member.read()
                (VENDOR / file["file"]).write_bytes(content)
                file["sha384"] = digest(content, "sha384")


def main() -> None:
    """Fetch every package that ``vendor.json`` names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", action="store_true", help="pin what is fetched instead of comparing it")
    accept = parser.parse_args().accept
    listing = VENDOR / "vendor.json"
    packages = json.loads(listing.read_text())
    for package in packages:
        fetch(package, accept=accept)
    listing.write_text(json.dumps(packages, indent=2) + "\n")


if __name__ == "__main__":
    main()
