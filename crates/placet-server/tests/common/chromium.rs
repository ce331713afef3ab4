//! A real browser: Chromium without a window, told what to do over its debugging pipe.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "tests"
)]

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::installed;

/// How long anything may take that a page does.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a page is looked at.
const GLANCE: Duration = Duration::from_millis(25);

/// A running browser with a profile of its own.
pub(crate) struct Chromium {
    wire: Rc<RefCell<Wire>>,
    child: Child,
    _profile: tempfile::TempDir,
}

struct Wire {
    to: ChildStdin,
    from: Receiver<Value>,
    last: u64,
}

/// One of its windows.
pub(crate) struct Tab {
    wire: Rc<RefCell<Wire>>,
    session: String,
}

impl Chromium {
    /// Starts it; none where it is not there and cannot be installed, except in continuous
    /// integration, where it must be.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> Option<Self> {
        let binary = match installed::chromium() {
            Ok(binary) => binary,
            Err(why) => {
                assert!(std::env::var_os("CI").is_none(), "{why}");
                eprintln!("skipped: {why}");
                return None;
            }
        };
        let profile = tempfile::tempdir().unwrap();
        // The browser reads commands from descriptor 3 and writes to 4.
        let script = "binary=$0; profile=$1; shift; \
             exec \"$binary\" \"$@\" --headless=new --remote-debugging-pipe --no-sandbox --disable-gpu \
             --no-first-run --disable-dev-shm-usage --user-data-dir=\"$profile\" about:blank \
             3<&0 4>&1 </dev/null >/dev/null 2>&1";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(binary)
            .arg(profile.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(from).split(0) {
                let Ok(message) = message else { return };
                let Ok(message) = serde_json::from_slice(&message) else { return };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let wire = Rc::new(RefCell::new(Wire { to, from: receiver, last: 0 }));
        Some(Self { wire, child, _profile: profile })
    }

    /// Opens another window. All of them share their cookies.
    pub(crate) fn tab(&self, width: u32, height: u32) -> Tab {
        self.window(width, height, json!({"url": "about:blank"}))
    }

    /// Opens a window of somebody else, which shares its cookies with no other.
    pub(crate) fn stranger(&self, width: u32, height: u32) -> Tab {
        let made = self.wire.borrow_mut().call(None, "Target.createBrowserContext", json!({}));
        let context = made.unwrap()["browserContextId"].clone();
        self.window(width, height, json!({"url": "about:blank", "browserContextId": context}))
    }

    fn window(&self, width: u32, height: u32, target: Value) -> Tab {
        let mut wire = self.wire.borrow_mut();
        let made = wire.call(None, "Target.createTarget", target).unwrap();
        let attach = json!({"targetId": made["targetId"], "flatten": true});
        let session = wire.call(None, "Target.attachToTarget", attach).unwrap();
        let session = session["sessionId"].as_str().unwrap().to_owned();
        drop(wire);
        let tab = Tab { wire: Rc::clone(&self.wire), session };
        tab.resize(width, height);
        tab
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        drop(self.wire.borrow_mut().call(None, "Browser.close", json!({})));
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Wire {
    fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, String> {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).map_err(|error| error.to_string())?;
        loop {
            let answer = self.from.recv_timeout(PATIENCE).map_err(|error| error.to_string())?;
            if answer["id"] == self.last {
                return match answer.get("error") {
                    Some(error) => Err(error.to_string()),
                    None => Ok(answer["result"].clone()),
                };
            }
        }
    }
}

impl Tab {
    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        let called = self.wire.borrow_mut().call(Some(&self.session), method, params);
        called.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Makes every answer come so many milliseconds later.
    pub(crate) fn is_slow_by(&self, milliseconds: u32) {
        let how = json!({
            "offline": false, "latency": milliseconds, "downloadThroughput": -1,
            "uploadThroughput": -1,
        });
        self.call("Network.enable", json!({}));
        self.call("Network.emulateNetworkConditions", how);
    }

    /// Makes the window another size.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Chooses between `light` and `dark`, without anything that moves from one to the other.
    pub(crate) fn prefers(&self, scheme: &str) {
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
    }

    /// Goes to an address and waits until the page is there.
    pub(crate) fn open(&self, address: &str) {
        self.eval("window.isOld = true");
        self.call("Page.navigate", json!({"url": address}));
        self.wait("!window.isOld && document.readyState === 'complete'");
    }

    /// What an expression says in the page.
    pub(crate) fn eval(&self, expression: &str) -> Value {
        self.try_eval(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn try_eval(&self, expression: &str) -> Result<Value, String> {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer =
            self.wire.borrow_mut().call(Some(&self.session), "Runtime.evaluate", params)?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(details.to_string()),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// Waits until an expression is true in the page, which may be another one by then.
    pub(crate) fn wait(&self, expression: &str) {
        let limit = Instant::now() + PATIENCE;
        let wanted = format!("Boolean({expression})");
        while self.try_eval(&wanted) != Ok(Value::Bool(true)) {
            assert!(Instant::now() < limit, "never: {expression}\non: {}", self.text());
            std::thread::sleep(GLANCE);
        }
    }

    /// What a reader sees.
    pub(crate) fn text(&self) -> String {
        let text = self.try_eval("location.href + '\\n' + document.body.innerText");
        text.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Clicks on what a selector names, with the mouse.
    pub(crate) fn click(&self, selector: &str) {
        self.click_times(selector, 1);
    }

    /// The same, so many times as fast as can be.
    pub(crate) fn click_times(&self, selector: &str, times: u32) {
        let place = self.eval(&format!(
            "(() => {{ const found = document.querySelector({selector:?}); \
             found.scrollIntoView({{block: 'center', behavior: 'instant'}}); \
             const box = found.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        for time in 0..times {
            for kind in ["mousePressed", "mouseReleased"] {
                let event = json!({
                    "type": kind, "x": place[0], "y": place[1], "button": "left",
                    "clickCount": time + 1,
                });
                self.call("Input.dispatchMouseEvent", event);
            }
        }
    }

    /// Presses a key of the keyboard, `Tab` or `Enter`.
    pub(crate) fn press(&self, key: &str) {
        let (code, text) = if key == "Enter" { (13, "\r") } else { (9, "") };
        for kind in ["keyDown", "keyUp"] {
            let mut event =
                json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// Moves on with the tab key until the focus is on what a selector names.
    pub(crate) fn tab_to(&self, selector: &str) {
        let is_there = format!("document.activeElement?.matches({selector:?}) ?? false");
        for _ in 0..200 {
            if self.eval(&is_there) == true {
                return;
            }
            self.press("Tab");
        }
        panic!("the tab key never comes to {selector}: {}", self.text());
    }

    /// Types where the focus is.
    pub(crate) fn types(&self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Types into a field.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        self.eval(&format!(
            "(() => {{ const found = document.querySelector({selector:?}); \
             found.focus(); found.select?.(); }})()"
        ));
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Signs somebody in.
    pub(crate) fn sign_in(&self, origin: &str, person: &str) {
        self.open(&format!("{origin}/console/sign-in"));
        self.fill("[name=person]", person);
        self.fill("[name=password]", super::browser::PASSWORD);
        self.click("main button");
        self.wait("document.querySelector('nav [aria-current]')");
    }
}
