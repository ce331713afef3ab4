-- The log in one SQLite file. The version of this schema is in `user_version`; a program that
-- knows another version refuses to open the file.
--
-- Two kinds of columns: those that hold the log, and those that only repeat it in another shape.
-- Of the former nothing ever changes once it is written, except where it says so.

-- The leaves of the log with what is kept beside them. Rows are only ever added, at the end.
CREATE TABLE entries (
    idx     INTEGER PRIMARY KEY,  -- the place in the log, from 0 without gaps; never changes
    leaf    TEXT NOT NULL,        -- the entry as canonical JSON, the bytes that are hashed; never changes
    payload TEXT,                 -- the private payload as canonical JSON; becomes null when erased
    salt    BLOB                  -- 32 bytes, the salt of its commitment; becomes null with it
) STRICT;

-- The hashes of the tree, as tiles of up to 256. The last tile of level 0 follows from the leaves.
CREATE TABLE tiles (
    level   INTEGER NOT NULL,     -- counted in tiles; level 0 holds the hashes of leaves; never changes
    idx     INTEGER NOT NULL,     -- the place within the level, from 0; never changes
    hashes  BLOB NOT NULL,        -- 32 bytes each; only grows, and never changes once it holds 256
    PRIMARY KEY (level, idx)
) STRICT;

-- The signed head. One row; replacing it is what commits a batch.
CREATE TABLE head (
    id         INTEGER PRIMARY KEY CHECK (id = 0),  -- there is one head
    size       INTEGER NOT NULL,  -- how many entries the log has; only grows
    root       BLOB NOT NULL,     -- 32 bytes, the root of the tree of so many entries
    checkpoint TEXT NOT NULL      -- the note in which the log's key says so
) STRICT;

-- The state at some size, so that the log opens quickly. At most one row. It may be deleted.
CREATE TABLE snapshot (
    id    INTEGER PRIMARY KEY CHECK (id = 0),       -- there is one snapshot
    size  INTEGER NOT NULL,       -- how many entries it is the fold of
    state BLOB NOT NULL,          -- the state as JSON
    note  TEXT NOT NULL           -- the note in which the log's key vouches for it
) STRICT;

-- From here on: projections. They follow from the leaves and can be made again from them.

-- Every action that was decided on.
CREATE TABLE actions (
    entry      INTEGER PRIMARY KEY,  -- the entry that decided on it; never changes
    id         TEXT NOT NULL,     -- the action's id; never changes
    at         INTEGER NOT NULL,  -- when, in milliseconds since 1970; never changes
    tenant     TEXT NOT NULL,     -- on whose behalf; never changes
    agent      TEXT,              -- the software that asked; never changes
    tool       TEXT NOT NULL,     -- the tool; never changes
    class      TEXT,              -- its class, null if the policy knew none; never changes
    verdict    TEXT NOT NULL,     -- what bound the caller; never changes
    would_have TEXT,              -- what would have, where the mode changed it; never changes
    approval   TEXT,              -- the id of the approval that it waited for; never changes
    deadline   INTEGER            -- of that approval, in milliseconds since 1970; never changes
) STRICT;

-- Ids begin with the time, so this index grows at its end as well.
CREATE INDEX actions_by_id ON actions (id);

-- Every step in what became of an action after that.
CREATE TABLE steps (
    entry  INTEGER PRIMARY KEY,   -- the entry that says so; never changes
    at     INTEGER NOT NULL,      -- when, in milliseconds since 1970; never changes
    action TEXT NOT NULL,         -- the action's id; never changes
    status TEXT NOT NULL          -- what became of it; never changes
) STRICT;

CREATE INDEX steps_by_action ON steps (action, entry);

-- Every warrant that was shown and refused.
CREATE TABLE refusals (
    entry  INTEGER PRIMARY KEY,   -- the entry that says so; never changes
    action TEXT NOT NULL          -- the action's id; never changes
) STRICT;

CREATE INDEX refusals_by_action ON refusals (action, entry);

-- Every request that may be repeated, so that its repetition gets its answer.
CREATE TABLE requests (
    entry INTEGER PRIMARY KEY,    -- the first entry that it led to; never changes
    id    BLOB NOT NULL           -- 32 bytes that only the log's pepper makes of its name; never changes
) STRICT;

CREATE INDEX requests_by_id ON requests (id);

-- Every time that a kill switch was tripped.
CREATE TABLE switches (
    entry  INTEGER PRIMARY KEY,   -- the entry that tripped it; never changes
    at     INTEGER NOT NULL,      -- when, in milliseconds since 1970; never changes
    scope  TEXT NOT NULL,         -- what it stops; never changes
    reason TEXT NOT NULL,         -- why; never changes
    by     TEXT,                  -- who tripped it; never changes
    reset  INTEGER                -- the entry that reset it; set once
) STRICT;

-- The tripped ones, to find the one to reset.
CREATE INDEX switches_tripped ON switches (scope) WHERE reset IS NULL;

-- Every step of a class on its ladder.
CREATE TABLE autonomy (
    entry      INTEGER PRIMARY KEY,  -- the entry that records it; never changes
    at         INTEGER NOT NULL,  -- when, in milliseconds since 1970; never changes
    tenant     TEXT NOT NULL,     -- whose autonomy; never changes
    class      TEXT NOT NULL,     -- which class; never changes
    build      TEXT,              -- which version of the agent, if it named one; never changes
    from_state TEXT NOT NULL,     -- from this state; never changes
    to_state   TEXT NOT NULL      -- to this one; never changes
) STRICT;
