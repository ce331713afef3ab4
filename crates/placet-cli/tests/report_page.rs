//! The page of a report in a real browser: from a phone to a wide screen, light and dark, it stays
//! inside the window, and whatever tools are called, nothing runs and nothing is fetched.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "each test binary uses a part of what drives the browser")]

#[path = "../../placet-server/tests/common/chromium.rs"]
mod chromium;
#[path = "../../placet-server/tests/common/installed.rs"]
mod installed;
mod support;

use chromium::{Chromium, Tab};
use serde_json::json;
use support::World;

/// What the driver signs people in with; nobody signs in here.
mod browser {
    pub(crate) const PASSWORD: &str = "";
}

/// Widths of a phone, a tablet and a wide screen.
const WIDTHS: [u32; 3] = [360, 820, 1600];

fn page(world: &World) -> String {
    world.write(
        "policy.toml",
        "version = 1\nmode = \"shadow\"\n[actions.get_order]\nrisk = \"read\"\n",
    );
    let long = "a_tool_whose_name_has_no_end_".repeat(12);
    let names = [
        "<script>document.title = 'taken'</script>",
        "<img src=x onerror=\"document.title = 'taken'\">",
        "</style><svg onload=document.title='taken'>",
        "get_order",
        "מחיקה",
        &long,
    ];
    let line = |name: &&str| json!({"tool": name, "agent": name, "value": "17"}).to_string() + "\n";
    let lines: String = names.iter().map(line).collect();
    world.run_with(&["check", "--policy", "policy.toml", "--record", "placet.db"], lines);
    world.ok(&["report", "--log", "placet.db", "--html", "page.html"]);
    format!("file://{}", world.path("page.html").display())
}

fn number(tab: &Tab, expression: &str) -> f64 {
    tab.eval(expression).as_f64().unwrap()
}

#[test]
fn the_page_in_a_browser() {
    let Some(chromium) = Chromium::start() else { return };
    let world = World::new();
    let address = page(&world);
    for width in WIDTHS {
        let tab = chromium.tab(width, 900);
        tab.open(&address);
        let wide = number(&tab, "document.documentElement.scrollWidth");
        assert!(wide <= f64::from(width), "{wide} of {width}");
        assert_eq!(tab.eval("document.title"), "Placet report");
        assert_eq!(tab.eval("document.querySelectorAll('script, img, [onload]').length"), 0);
        assert_eq!(tab.eval("performance.getEntriesByType('resource').length"), 0);
        // Six tools and six agents, and each bar of the chart has a height.
        assert_eq!(number(&tab, "document.querySelectorAll('th.name').length"), 12.0);
        let flat = "[...document.querySelectorAll('rect')].filter(r => \
            r.getBoundingClientRect().width < 1).length";
        assert_eq!(number(&tab, flat), 0.0, "every piece of a bar shows");
        assert!(tab.text().contains("<script>document.title"), "{}", tab.text());
    }
}

#[test]
fn the_page_follows_the_colours_of_whoever_reads_it() {
    let Some(chromium) = Chromium::start() else { return };
    let world = World::new();
    let address = page(&world);
    let tab = chromium.tab(820, 900);
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        let feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        tab.call("Emulation.setEmulatedMedia", json!({"features": feature}));
        tab.open(&address);
        grounds.push(tab.eval("getComputedStyle(document.body).backgroundColor"));
    }
    assert_eq!(grounds, [json!("rgb(245, 246, 248)"), json!("rgb(18, 21, 27)")]);
}
