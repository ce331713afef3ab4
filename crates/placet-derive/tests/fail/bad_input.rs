//! What the macro cannot use, said at the place.

use placet_derive::SignoffGated;

#[derive(SignoffGated)]
#[signoff(gated(Aproved, Paid, Paid))]
enum Misspelt {
    Draft,
    Approved(u32),
    Paid,
}

#[derive(SignoffGated)]
enum Nothing {
    Draft,
}

#[derive(SignoffGated)]
#[signoff(gated())]
enum Empty {
    Draft,
}

#[derive(SignoffGated)]
#[signoff(gated(Paid))]
enum Everything {
    Paid,
}

#[derive(SignoffGated)]
#[signoff(gated(Paid))]
enum Generic<T> {
    Draft,
    Paid(T),
}

#[derive(SignoffGated)]
#[signoff(gated(Paid), fields(why, why))]
enum Twice {
    Draft,
    Paid,
}

#[derive(SignoffGated)]
#[signoff(gated(Paid), least_length = 0)]
enum Silent {
    Draft,
    Paid,
}

#[derive(SignoffGated)]
#[signoff(gated(Paid), fields(why = 70_000))]
enum Endless {
    Draft,
    Paid,
}

#[derive(SignoffGated)]
#[signoff(gated(Paid), fields(why = 20), least_length = 30)]
enum Both {
    Draft,
    Paid,
}

#[derive(SignoffGated)]
#[signoff(gated(Paid), least_size = 50)]
enum Unknown {
    Draft,
    Paid,
}

#[derive(SignoffGated)]
#[signoff(gated(Paid), gated(Draft))]
enum Again {
    Draft,
    Paid,
}

#[derive(SignoffGated)]
struct NoStatus;

#[derive(SignoffGated)]
#[signoff(status = u32)]
struct WrongStatus;

#[derive(SignoffGated)]
#[signoff(status = Plain, gated(Paid))]
struct GatedOnStruct;

#[derive(SignoffGated)]
#[signoff(status = Missing)]
struct TwoStatuses {
    status: String,
}

#[derive(SignoffGated)]
union Either {
    number: u32,
}

fn main() {}
