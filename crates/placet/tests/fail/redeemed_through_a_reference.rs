//! Whoever only looks at a warrant cannot spend it.

use placet::Warrant;

async fn borrowed(warrant: &Warrant) {
    drop(warrant.redeem().await);
}

fn main() {}
