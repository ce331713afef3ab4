"""Makes a wheel of the module that Cargo has just built.

It is the one that maturin makes, except that nothing is compiled again: maturin writes what it says
of itself (its name, what it needs, its command), and the module and the sources are laid beside it.

usage: wheel.py SOURCES MODULE FOLDER
"""

import base64
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

SUFFIXES = (".py", ".pyi", ".typed")
"""What is ours in the folder of the sources. A module that lies there from elsewhere is not."""


def main(sources: Path, module: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(
            [sys.executable, "-m", "maturin", "pep517", "write-dist-info"]
            + ["--metadata-directory", made, "--interpreter", sys.executable],
            cwd=sources,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        [about] = Path(made).iterdir()
        folder.mkdir(parents=True, exist_ok=True)
        write(about, contents(about, sources, module), folder)


def contents(about: Path, sources: Path, module: Path) -> dict[str, bytes]:
    """The files of the wheel, by their names in it."""
    own = sorted(path for path in (sources / "python/placet").iterdir() if path.suffix in SUFFIXES)
    files = {f"placet/{path.name}": path.read_bytes() for path in own}
    files["placet/_core.abi3.so"] = module.read_bytes()
    files.update({f"{about.name}/{path.name}": path.read_bytes() for path in about.iterdir()})
    files[f"{about.name}/RECORD"] = record(files, f"{about.name}/RECORD")
    return files


def record(files: dict[str, bytes], name: str) -> bytes:
    """What a wheel says of its own files."""
    lines = [f"{path},sha256={digest(data)},{len(data)}" for path, data in files.items()]
    return "\n".join([*lines, f"{name},,", ""]).encode()


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def write(about: Path, files: dict[str, bytes], folder: Path) -> None:
    tag = next(
        line.removeprefix("Tag: ")
        for line in (about / "WHEEL").read_text().splitlines()
        if line.startswith("Tag: ")
    )
    name = f"{about.name.removesuffix('.dist-info')}-{tag}.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for path, data in files.items():
            wheel.writestr(path, data)


if __name__ == "__main__":
    main(*(Path(argument).resolve() for argument in sys.argv[1:]))
