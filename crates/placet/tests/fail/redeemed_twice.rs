//! Redeeming consumes the warrant.

use placet::Warrant;

async fn twice(warrant: Warrant) {
    drop(warrant.redeem().await);
    drop(warrant.redeem().await);
}

fn main() {}
