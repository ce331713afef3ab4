//! Python tests the package: against the engine in its own process, and against a daemon.
//!
//! The module that Cargo has just built is laid beside the Python sources, as a wheel would have it,
//! so nothing is compiled twice. What the tests need from the package index is installed once, at
//! pinned versions, into the folder for build results.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Where the package, its tests and the tools for them are.
static PLACE: LazyLock<Place> = LazyLock::new(Place::ready);

#[test]
fn the_package_does_what_it_says() {
    let mut pytest = PLACE.python();
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", "-x"]);
    succeed(pytest.arg(PLACE.sources.join("tests")));
}

#[test]
fn the_package_is_typed_strictly() {
    let mut mypy = PLACE.python();
    mypy.args(["-m", "mypy", "--strict", "--python-version", "3.10", "--cache-dir"]);
    mypy.arg(PLACE.folder.join("mypy-cache")).args(["-p", "placet"]);
    succeed(&mut mypy);
}

struct Place {
    sources: PathBuf,
    folder: PathBuf,
}

impl Place {
    fn ready() -> Self {
        let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
        let place = Self { sources, folder };
        place.install();
        place.lay_out();
        place
    }

    /// Installs the tools where the last run did, unless it was interrupted or they are others now.
    fn install(&self) {
        let requirements = self.sources.join("tests/requirements.txt");
        let wanted = std::fs::read_to_string(&requirements).unwrap();
        let installed = self.folder.join("installed.txt");
        if std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
            return;
        }
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut venv = Command::new(&python);
        venv.args(["-m", "venv", "--clear"]).arg(self.folder.join("tools"));
        if let Err(error) = venv.output() {
            panic!(
                "this test needs Python 3.10 or later with its venv module, and {python:?} cannot be \
                 run: {error}; install it, or name another with PYTHON"
            );
        }
        succeed(&mut venv);
        let mut pip = Command::new(self.folder.join("tools/bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
        succeed(pip.arg(requirements));
        std::fs::write(installed, wanted).unwrap();
    }

    /// Lays the module beside the sources, as they are in a wheel.
    fn lay_out(&self) {
        let site = self.folder.join("site");
        drop(std::fs::remove_dir_all(&site));
        copy(&self.sources.join("python/placet"), &site.join("placet"));
        let module = std::env::current_exe().unwrap().with_file_name("libplacet_python.so");
        std::fs::copy(module, site.join("placet/_core.abi3.so")).unwrap();
    }

    /// Python, which finds the package.
    fn python(&self) -> Command {
        let mut python = Command::new(self.folder.join("tools/bin/python"));
        python.env("PYTHONPATH", self.folder.join("site")).env("PYTHONDONTWRITEBYTECODE", "1");
        python.env("MYPYPATH", self.folder.join("site")).current_dir(&self.folder);
        python
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        let (name, kind) = (entry.file_name(), entry.file_type().unwrap());
        let is_ours = ["py", "pyi", "typed"]
            .iter()
            .any(|end| Path::new(&name).extension().is_some_and(|extension| extension == *end));
        if kind.is_file() && is_ours {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

fn succeed(command: &mut Command) {
    let ended = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let out = String::from_utf8_lossy(&ended.stdout);
    let err = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}\n{out}\n{err}");
}
