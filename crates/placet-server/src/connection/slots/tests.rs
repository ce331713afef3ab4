//! Who gets a place, who makes room, and who has to wait.

#![allow(clippy::expect_used, reason = "tests")]

use std::sync::Arc;

use placet::TenantId;

use super::{Busy, Receiving, Room, Slot, Slots};

const BYTES: usize = 100;

fn take(slots: &Slots) -> (Arc<Slot>, Room) {
    let (slot, room) = slots.take();
    (slot.expect("a place"), room)
}

/// A connection of a tenant that is idle.
fn known(slots: &Slots, tenant: &str) -> Arc<Slot> {
    let (slot, _) = take(slots);
    let tenant: TenantId = tenant.parse().expect("a tenant");
    slot.work().expect("here").carrier().admit_known(Some(&tenant)).unwrap_or_default();
    slot
}

/// Begins to send a body over a connection.
fn begin(slot: &Arc<Slot>) -> (Receiving, Busy) {
    let busy = slot.work().expect("here");
    (busy.carrier().receive(), busy)
}

#[test]
fn a_place_is_free_again_when_its_connection_ends() {
    let slots = Slots::new(1, BYTES);
    for _ in 0..3 {
        let (slot, room) = take(&slots);
        assert_eq!(room, Room::Free);
        drop(slot.work().expect("here"));
    }
    assert!(slots.lock().crowds.is_empty());
}

#[test]
fn who_nobody_knows_goes_before_who_is_known() {
    let slots = Slots::new(2, BYTES);
    let known = known(&slots, "acme");
    let (stranger, _) = take(&slots);
    // An answer that anyone can have makes nobody known.
    drop(stranger.work().expect("here"));
    let (_new, room) = take(&slots);
    assert_eq!(room, Room::Made, "the stranger's place");
    assert!(stranger.work().is_none(), "it was told to go");
    assert!(known.work().is_some());
    // The stranger gives back no place: it has none any more.
    drop(stranger);
    let (_newer, room) = take(&slots);
    assert_eq!(room, Room::Made, "the idle newcomer's place");
}

#[test]
fn of_those_who_are_known_the_tenant_with_the_most_makes_room() {
    let slots = Slots::new(4, BYTES);
    let first = known(&slots, "acme");
    let many = ["umbrella", "umbrella", "umbrella"].map(|tenant| known(&slots, tenant));
    let (one, two) = (known(&slots, "initech"), known(&slots, "initech"));
    let is_there = |slot: &Arc<Slot>| slot.work().is_some();
    assert!(is_there(&first), "it was idle longest, and it is the only one of its tenant");
    assert_eq!(many.each_ref().map(is_there), [false, false, true]);
    assert!(is_there(&one) && is_there(&two));
}

#[test]
fn connections_at_work_are_never_sent_away() {
    let slots = Slots::new(1, BYTES);
    let (slot, _) = take(&slots);
    let busy = slot.work().expect("here");
    assert!(matches!(slots.take(), (None, Room::None)));
    drop(busy);
    assert_eq!(take(&slots).1, Room::Made);
}

#[test]
fn who_sends_a_body_slowly_makes_room_and_gives_no_place_back() {
    let slots = Slots::new(2, BYTES);
    let (slow, _) = take(&slots);
    let busy = slow.work().expect("here");
    let receiving = busy.carrier().receive();
    assert_eq!(receiving.count(10), 0);
    let known = known(&slots, "acme");
    let (newcomer, room) = take(&slots);
    assert_eq!(room, Room::Made);
    assert_eq!(slots.lock().bytes, 0);
    // Nothing that comes in later counts, and the body is never whole.
    assert_eq!(receiving.count(BYTES + 1), 0);
    assert!(!receiving.end());
    drop(busy);
    assert!(slow.work().is_none());
    drop(slow);
    assert!(known.work().is_some() && newcomer.work().is_some());
    assert_eq!(slots.lock().free, 0);
}

#[test]
fn who_has_sent_the_most_loses_the_body_that_is_the_longest_on_its_way() {
    let slots = Slots::new(8, BYTES);
    let acme = known(&slots, "acme");
    let umbrella = [(); 3].map(|()| known(&slots, "umbrella"));
    let (honest, _busy) = begin(&acme);
    assert_eq!(honest.count(30), 0);
    let slow = umbrella.each_ref().map(begin);
    assert_eq!(slow.each_ref().map(|(body, _)| body.count(30)), [0, 0, 1]);
    assert_eq!(honest.count(20), 1);
    assert_eq!(honest.count(20), 0);
    assert_eq!(slots.lock().bytes, BYTES);
    // A body that is whole counts no more.
    assert!(honest.end());
    assert_eq!(slots.lock().bytes, 30);
    assert_eq!(slow.each_ref().map(|(body, _)| body.slot.work_on()), [false, false, true]);
}

#[test]
fn who_has_half_of_the_places_at_work_waits_and_others_do_not() {
    let slots = Slots::new(16, BYTES);
    let admitted = |tenant: &str, wanted: usize| -> Vec<Busy> {
        let slots = &slots;
        let request = move |_| {
            let slot = known(slots, tenant);
            let busy = slot.work().expect("here");
            busy.carrier().admit().is_ok().then_some(busy)
        };
        (0..wanted).map_while(request).collect()
    };
    let acme = admitted("acme", 32);
    assert_eq!(acme.len(), 8);
    assert!(admitted("acme", 1).is_empty());
    let umbrella = admitted("umbrella", 32);
    assert_eq!(umbrella.len(), 4);
    assert_eq!(admitted("initech", 32).len(), 2);
    // Who is done lets others on.
    drop(acme);
    assert_eq!(admitted("acme", 32).len(), 6);
    drop(umbrella);
    assert_eq!(admitted("acme", 32).len(), 8);
}

#[test]
fn a_body_that_is_not_whole_is_not_at_work_and_is_let_in_once_it_is() {
    let slots = Slots::new(4, BYTES);
    let many = [(); 4].map(|()| known(&slots, "acme"));
    let sent = many.each_ref().map(begin);
    let is_let_in = sent.each_ref().map(|(receiving, busy)| {
        assert!(receiving.slot.work_on());
        busy.carrier().admit().is_ok()
    });
    assert_eq!(is_let_in, [true, true, false, false]);
}

#[test]
fn who_is_refused_makes_room_while_the_answer_is_kept_back() {
    let slots = Slots::new(2, BYTES);
    let (one, other) = (known(&slots, "acme"), known(&slots, "acme"));
    let [first, second] = [&one, &other].map(|slot| slot.work().expect("here"));
    assert!(first.carrier().admit().is_err());
    let resting = first.rest();
    let (newcomer, room) = take(&slots);
    assert_eq!(room, Room::Made);
    assert!(!resting.end(), "it was told to go");
    // Where nobody wants the place it is kept.
    let resting = second.rest();
    assert!(resting.end());
    assert!(second.carrier().admit().is_ok());
    drop((first, second, one, other));
    assert_eq!(slots.lock().free, 1);
    drop(newcomer);
    assert_eq!(slots.lock().free, 2);
    assert!(slots.lock().crowds.is_empty());
}
