//! Python tests the package: against the engine in its own process, and against a daemon.
//!
//! The module that Cargo has just built becomes a wheel, by `wheel.py`, so that nothing is compiled
//! twice, and the wheel is installed as anybody would install it. What the tests need besides is
//! installed once, at pinned versions, into the folder for build results.
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
fn the_package_and_who_uses_it_are_typed_strictly() {
    let program = PLACE.sources.join("tests/typed.py");
    for what in [vec!["-p".as_ref(), "placet".as_ref()], vec![program.as_os_str()]] {
        let mut mypy = PLACE.python();
        mypy.args(["-m", "mypy", "--strict", "--python-version", "3.10", "--cache-dir"]);
        succeed(mypy.arg(PLACE.folder.join("mypy-cache")).args(what));
    }
    let mut stubtest = PLACE.python();
    succeed(stubtest.args(["-m", "mypy.stubtest", "placet._core"]));
    let mut pyright = PLACE.python();
    pyright.args(["-m", "pyright", "--pythonpath"]).arg(PLACE.folder.join("tools/bin/python"));
    succeed(pyright.arg("--project").arg(&PLACE.sources));
}

/// As anybody installs it, into an environment that has nothing else: then what the pages show does
/// what they say, and the command is there. It compiles the engine once more, with the features that
/// the package alone asks for, and so only where tests may take long.
#[test]
fn anybody_installs_it_from_its_sources() {
    if std::env::var_os("PLACET_NIGHTLY").is_none() {
        return;
    }
    let clean = PLACE.folder.join("clean");
    succeed(PLACE.python().args(["-m", "venv", "--clear"]).arg(&clean));
    let python = || {
        let mut python = Command::new(clean.join("bin/python"));
        python.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(&clean);
        python
    };
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut pip = python();
    pip.env("CARGO_TARGET_DIR", target).env("MATURIN_PEP517_ARGS", format!("--profile {profile}"));
    succeed(pip.args(install).arg(&PLACE.sources));
    let tests = PLACE.sources.join("tests");
    let requirements = std::fs::read_to_string(tests.join("requirements.txt")).unwrap();
    let pytest = requirements.lines().find(|line| line.starts_with("pytest==")).unwrap();
    succeed(python().args(install).arg(pytest));
    let mut pages = python();
    pages.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header"]);
    succeed(pages.args(["test_docs.py", "test_package.py"].map(|name| tests.join(name))));
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
        place.install_tools();
        place.install_wheel();
        place
    }

    /// Installs the tools where the last run did, unless it was interrupted or they are others now.
    fn install_tools(&self) {
        let requirements = self.sources.join("tests/requirements.txt");
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let wanted = format!("{python}\n{}", std::fs::read_to_string(&requirements).unwrap());
        let installed = self.folder.join("installed.txt");
        if std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
            return;
        }
        let mut venv = Command::new(&python);
        venv.args(["-m", "venv", "--clear"]).arg(self.folder.join("tools"));
        if let Err(error) = venv.output() {
            panic!(
                "this test needs Python 3.10 or later with its venv module, and {python:?} cannot be \
                 run: {error}; install it, or name another with PYTHON"
            );
        }
        succeed(&mut venv);
        succeed(self.pip().arg("-r").arg(requirements));
        std::fs::write(installed, wanted).unwrap();
    }

    /// Makes a wheel of the package as it is now, and installs that.
    fn install_wheel(&self) {
        let wheels = self.folder.join("wheels");
        drop(std::fs::remove_dir_all(&wheels));
        let module = std::env::current_exe().unwrap().with_file_name("libplacet_python.so");
        let mut make = self.python();
        succeed(make.arg(self.sources.join("tests/wheel.py")).args([
            &self.sources,
            &module,
            &wheels,
        ]));
        let [wheel] = &wheels.read_dir().unwrap().map(Result::unwrap).collect::<Vec<_>>()[..]
        else {
            panic!("{} has not one wheel", wheels.display());
        };
        let mut pip = self.pip();
        succeed(pip.args(["--no-index", "--no-deps", "--force-reinstall"]).arg(wheel.path()));
    }

    /// Python, which has the package.
    fn python(&self) -> Command {
        let mut python = Command::new(self.folder.join("tools/bin/python"));
        python.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(&self.folder);
        python
    }

    fn pip(&self) -> Command {
        let mut pip = self.python();
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip
    }
}

fn succeed(command: &mut Command) {
    let ended = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let out = String::from_utf8_lossy(&ended.stdout);
    let err = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}\n{out}\n{err}");
}
