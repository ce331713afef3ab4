//! `placet mcp`: a gateway between an agent and its MCP servers.

mod accept;
pub(crate) mod config;
mod diff;
mod place;
mod run;
mod state;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use placet::{AgentId, TenantId};
use placet_policy::parse_duration;
use placet_server::Listen;

use crate::cli::EXIT_STATUSES;
use crate::console::Console;
use crate::failure::Outcome;

const EXAMPLES: &str = "\
Examples:
  placet mcp -- npx -y @modelcontextprotocol/server-filesystem /home/me/work
  placet mcp --policy policy.toml --name files -- my-mcp-server
  placet mcp --accept read_file -- npx -y @modelcontextprotocol/server-filesystem /home/me/work
  placet mcp --config servers.toml
  placet mcp --server-url https://mcp.example.com/mcp --secrets token.txt
  placet mcp --server-url http://127.0.0.1:3001/mcp --listen 127.0.0.1:3000
  placet mcp --config servers.toml --listen 127.0.0.1:3000
  PLACET_URL=http://127.0.0.1:4747 PLACET_KEY=plc_… placet mcp -- my-mcp-server";

/// Stand between an agent and its MCP servers, and hold back what the policy does not allow.
///
/// Write it before the command of a server in the configuration of the client. Calls of tools are
/// decided at the daemon that PLACET_URL names, or else in a log of its own with a console on this
/// machine; everything else passes as it is. Nothing has to be configured: without a policy, what is
/// proved to only read passes, and all else waits for you.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_STATUSES}"))]
pub(crate) struct Arguments {
    /// The server to start and speak to
    #[arg(last = true, value_name = "COMMAND", required_unless_present_any = ["server_url", "config"])]
    command: Vec<OsString>,

    /// The URL of the server, if it is reached over HTTP
    #[arg(long, value_name = "URL", conflicts_with = "command")]
    server_url: Option<String>,

    /// A file with several servers; their tools are then called NAME__TOOL
    #[arg(long, value_name = "FILE", conflicts_with_all = ["command", "server_url", "name"])]
    config: Option<PathBuf>,

    /// A file with what is shown to that server, a header a line, such as `Authorization: Bearer …`.
    /// No agent ever sees it
    #[arg(long, value_name = "FILE", requires = "server_url")]
    secrets: Option<PathBuf>,

    /// Where to listen for clients that come over HTTP; else the client is whoever started this. If
    /// PLACET_MCP_TOKEN is set, they have to show it as a bearer token
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// A name under which they reach it, besides its address; may be given several times
    #[arg(long = "host", value_name = "NAME", requires = "listen")]
    hosts: Vec<String>,

    /// What the server is called: its tool T is then mcp__NAME__T to the policy
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The agent that calls; else what the client calls itself
    #[arg(long, value_name = "AGENT")]
    agent: Option<AgentId>,

    /// On whose behalf
    #[arg(long, value_name = "TENANT", default_value = "default")]
    tenant: TenantId,

    /// The policy for a log of its own
    #[arg(long, value_name = "FILE", env = "PLACET_POLICY")]
    policy: Option<PathBuf>,

    /// The log, where no daemon is named; else one in your state folder
    #[arg(long, value_name = "LOG", env = "PLACET_LOG", conflicts_with = "url")]
    log: Option<PathBuf>,

    /// The daemon that decides; or PLACET_URL. The key of an agent is read from PLACET_KEY
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// The file that says which tools somebody has vetted; else one beside the log
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,

    /// Pass nothing on: show what has changed about this tool of the server since it was vetted, and
    /// let it count as vetted, once you have said so; may be given several times
    #[arg(long, value_name = "TOOL", group = "accepting", conflicts_with = "listen")]
    accept: Vec<String>,

    /// The same for every tool that is not as it was vetted
    #[arg(long, group = "accepting", conflicts_with_all = ["accept", "listen"])]
    accept_all: bool,

    /// Accept without asking at the terminal
    #[arg(long, requires = "accepting")]
    yes: bool,

    /// Stop nothing, and record what would have been stopped
    #[arg(long)]
    shadow: bool,

    /// How long a held call waits before the agent is told to come back
    #[arg(long, value_name = "TIME", default_value = "50s", value_parser = duration)]
    hold: Duration,

    /// How long the server may take for a call without a word of it
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    call_timeout: Duration,

    /// Where the console listens in which people answer, when no daemon decides
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4747")]
    console: Listen,
}

impl Arguments {
    /// What tells one server from another.
    fn what(&self) -> Vec<OsString> {
        let named = self.config.iter().map(|path| path.clone().into_os_string());
        let url = self.server_url.iter().map(OsString::from);
        named.chain(url).chain(self.command.iter().cloned()).collect()
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a number and a unit, as in 50s, 5m or 1h".to_owned())
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    if arguments.accept_all || !arguments.accept.is_empty() {
        return accept::run(arguments, console);
    }
    run::run(arguments, console)
}
