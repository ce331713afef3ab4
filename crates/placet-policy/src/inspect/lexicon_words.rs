//! The words: data for `lexicon.rs`.
//!
//! Nouns matter as much as verbs, because only known nouns may stand before a verb of looking that
//! could itself be a noun: `user_list` reads and `wipe_list` does not.

use super::effect::Effect::{Deletes, Executes, Grants, Sends, Spends, Writes};
use super::lexicon::Lean::{Either, Noun as LeanNoun, Verb};
use super::lexicon::Look;
use super::lexicon::Role::{self, Act, Conjunction, Filler, Nominal, Noun, Question, Read};

pub(super) const WORDS: &[(Role, &str)] = &[
    (Read(Look::Fetch), "get fetch retrieve describe"),
    (
        Read(Look::Verb),
        "find read search lookup browse inspect examine see peek locate discover enumerate \
         determine identify analyze analyse explain compare estimate predict forecast summarize \
         summarise translate classify recommend rank parse validate calculate calc compute \
         think reason count sum multiply divide solve measure geocode decode encode \
         tokenize scrape grep glob ls cat stat head tail tree pwd whoami whois nslookup readdir \
         readfile readlink listdir getattr strlen hget hgetall mget lrange smembers zrange",
    ),
    (Read(Look::AlsoNoun), "list show view query check preview diff blame"),
    (
        Question,
        "is are was were has have had can could does did should would will may exists contains \
         what which who whom whose when where why how",
    ),
    (
        Nominal,
        "logs schema info information details detail status history statistics stats summary metadata \
         overview availability calculator converter checker finder viewer version versions \
         exist",
    ),
    (Conjunction, "and or then plus also n"),
    (
        Filler,
        "api rest v1 v2 v3 v4 async bulk batch multi tool tools function fn mcp my the a an all \
         any safe try please",
    ),
    // Writes, always verbs.
    (
        Act(Writes, Verb),
        "create add insert upsert edit modify write append prepend rename set put reconfigure \
         configure enable disable activate deactivate toggle adjust increase decrease increment \
         decrement incr decr assign unassign reassign attach detach mark unmark register enroll \
         unenroll apply submit upload save persist replace generate compose produce \
         construct initialize init install reinstall downgrade migrate provision deploy \
         redeploy undeploy restart reboot shutdown suspend pause unpause abort cancel reopen \
         finish resolve reject deny accept confirm decline acknowledge ack reserve rebook \
         reschedule postpone snooze dismiss redeem follow unfollow favorite unfavorite unstar \
         unlike react synchronize reload rollback revert undo redo recover rotate renew unlock \
         unarchive unpin mute unmute hide unhide unblock ban unban onboard offboard promote \
         demote transition connect disconnect join enter mount unmount expire drain cordon \
         uncordon taint untaint expose annotate autoscale resize navigate click press tap swipe \
         scroll drag hover fill choose pick uncheck dim brighten preheat arm disarm vacuum brew \
         feed lend borrow waive override populate seed import reindex rebuild recreate \
         regenerate remember memorize learn train finetune fit tune optimize rebase stash \
         cherrypick amend squash bump unset overwrite mkdir touch mv cp chdir patchset relabel \
         recategorize escalate deescalate refuel reseat enforce convene finalize commence \
         initiate begin establish setup mutate transform crop blend compress decompress unzip \
         untar extract inject manage maintain handle alter upvote downvote retag untag \
         unlabel requeue enqueue dequeue pop rpush lpush sadd zadd hset mset setex getset \
         hincrby deploying checkin playback shuffle subscribe resubscribe unsubscribe delegate \
         swap crosspost kick invalidate bust hydrate reorder rearrange warm reseed",
    ),
    (Act(Writes, Verb), "into"),
    // Writes that are also nouns.
    (
        Act(Writes, Either),
        "update sort change move copy clone merge push pull refresh sync reset restore archive stop \
         start resume close open complete lock upgrade patch launch release store cache \
         download export dump backup checkpoint snapshot convert capture turn make take give format \
         scale rollout select flag like star play skip exit fork load unload publish unpublish \
         water heat cool light vote",
    ),
    (
        Act(Writes, LeanNoun),
        "duplicate file zip log record track branch commit tag label pin block report comment review \
         rate claim schedule book return exchange transfer draft new issue request place leave \
         queue index link note work document title bookmark",
    ),
    // Deletes.
    (
        Act(Deletes, Verb),
        "delete del remove rm rmdir unlink truncate clear flush discard destroy dispose evict \
         purge erase wipe terminate kill deregister unregister uninstall prune trash cleanup \
         clean gc obliterate annihilate shred scrub nuke deprovision decommission forget hdel \
         srem zrem lpop rpop getdel getdelete flushall flushdb eject expunge redact \
         unsend retract teardown void",
    ),
    (Act(Deletes, Either), "drop empty"),
    // Sends.
    (
        Act(Sends, Verb),
        "send resend reply respond forward notify broadcast announce remind dial ring sendmail \
         retweet tweet emit dispatch sendmessage tell disclose leak",
    ),
    (Act(Sends, Either), "share call fax stream"),
    (Act(Sends, LeanNoun), "post email mail message text sms dm alert contact page invite answer"),
    // Spends.
    (
        Act(Spends, Verb),
        "pay repay prepay buy sell withdraw invest donate refinance reimburse disburse settle \
         remit topup recharge compensate rebuy outbid mint burn stake unstake airdrop wire",
    ),
    (Act(Spends, Either), "checkout spend"),
    (
        Act(Spends, LeanNoun),
        "order purchase trade charge refund deposit bid tip bill invoice credit debit rent \
         lease payout fund gift reward",
    ),
    // Executes.
    (
        Act(Executes, Verb),
        "execute exec eval evaluate invoke perform spawn sudo ssh subprocess interpret enact",
    ),
    (Act(Executes, Either), "run trigger fire build debug"),
    (Act(Executes, LeanNoun), "test process script scan"),
    // Grants.
    (
        Act(Grants, Verb),
        "revoke authorize authorise unauthorize authenticate impersonate assume elevate login \
         logout signin signup signout logon logoff chmod chown chgrp setfacl approve allow \
         entitle whitelist allowlist blacklist denylist acquire verify bypass trust untrust \
         enrol certify ratify",
    ),
    (Act(Grants, LeanNoun), "grant permit sign"),
    // Nouns, adjectives and prepositions that are no verbs of action.
    (
        Noun,
        "account user customer client person people member employee staff agent team \
         organization organisation org company tenant workspace project task todo item product \
         cart catalog catalogue inventory stock price currency balance statement transaction \
         payment subscription subscriber plan package bundle offer discount coupon promo \
         loyalty shipment delivery address phone line sim device hotel flight airport airline \
         seat passenger baggage reservation booking trip itinerary car bus route location city \
         country region zone weather temperature humidity news article movie song album artist \
         playlist episode restaurant recipe food menu game player score league event calendar \
         meeting appointment reminder thread inbox folder directory path attachment group \
         channel conversation chat ticket case incident alarm lead opportunity deal pipeline \
         campaign form survey site website url domain dns host server cluster node pod \
         deployment service container image volume bucket object key value field column row \
         table database db sql collection entity relation graph edge vertex dataset \
         model endpoint config configuration setting preference policy rule role permission \
         metric span dashboard chart widget job workflow stage environment repository repo code \
         source class method variable symbol definition reference dependency library lib docs \
         documentation wiki knowledge memory category type kind id name description content \
         body question topic filter keyword term word language locale timezone time date day week \
         month year hour minute second today tomorrow current latest recent upcoming past next \
         previous last first active inactive pending default public private internal external \
         local remote global system network connection interface port cpu disk web internet \
         browser math number prime distance speed area mass energy geometry physics chemistry \
         biology health patient doctor lab result diagnosis medication prescription insurance \
         loan mortgage tax bank card wallet crypto coin bitcoin market ticker portfolio in on \
         at of for from by with to as per between within near around under over about not no \
         only other related nearby available total average max min top best one two many full \
         basic simple advanced detailed raw human sentiment similarity semantic direct",
    ),
    // Things that names end in. A name may not end in a word that nobody knows.
    (
        Noun,
        "pdf csv xml timeline data map base limit bar profile state reading pressure shop outline child children \
        position fact mms busy uid uuid guid com curve deviation quota size level entry context \
        mode unit amount cost weight height width length depth color colour font icon logo \
        avatar photo picture video audio clip caption subtitle chapter section paragraph \
        sentence token embedding vector matrix array string blob asset artifact manifest \
        checksum hash digest certificate secret credential session cookie header proxy gateway \
        router subnet vpc vlan ip mac mailbox signature contract agreement clause policyholder \
        vendor supplier merchant buyer seller partner competitor brand sku barcode warehouse \
        aisle rack shelf pallet carrier courier parcel freight customs tariff quote budget \
        expense revenue profit margin cash ledger audit compliance risk threat vulnerability \
        exploit malware firewall sensor thermostat meter battery charger vehicle truck driver \
        passport visa license licence yield dividend bond option forex rating holder stakeholder \
        shareholder director manager owner author editor reviewer assignee reporter watcher \
        follower friend neighbour neighbor neighborhood street postcode zipcode latitude \
        longitude coordinate altitude elevation sunrise sunset wind rain snow tide earthquake \
        disaster hospital clinic nurse allergy symptom disease vaccine dose calorie nutrient \
        ingredient cuisine chef dish drink wine beer coffee tea school course lesson exam grade \
        student teacher professor university isbn citation figure equation theorem proof \
        algorithm heap stack kernel firmware bios gpu ram ssd partition namespace realm scope \
        iban bic swift faq sla kpi okr roadmap milestone epic story backlog velocity burndown \
        standup retro capacity throughput latency uptime downtime outage postmortem runbook \
        threshold baseline benchmark trend anomaly outlier percentile histogram quantile \
        frequency interval duration deadline due overdue expiry expiration age gender birthday \
        anniversary nickname surname username prefix suffix extension mime charset revision hunk \
        ancestor descendant parent sibling root leaf hierarchy lineage provenance origin \
        destination target sink offset consumer broker",
    ),
    (
        Noun,
        "github gitlab bitbucket slack discord telegram whatsapp teams gmail outlook google \
         microsoft drive onedrive dropbox box sharepoint sheets sheet slides notion confluence \
         jira linear asana trello monday clickup airtable zendesk intercom freshdesk servicenow \
         salesforce hubspot pipedrive stripe paypal square shopify woocommerce quickbooks xero \
         plaid twilio sendgrid mailchimp aws gcp azure s3 ec2 iam sns sqs rds ecs eks lambda \
         dynamodb cloudwatch cloudtrail route53 ssm kms gcs bigquery snowflake redshift \
         databricks postgres postgresql mysql mariadb sqlite mongo mongodb redis elasticsearch \
         opensearch kafka rabbitmq kubectl k8s kubernetes docker helm terraform ansible git svn \
         npm pip cargo filesystem fs brave tavily exa bing duckduckgo firecrawl playwright \
         puppeteer selenium spotify youtube twitter x reddit linkedin facebook instagram \
         hackernews wikipedia wikidata arxiv pubmed openai anthropic huggingface figma datadog \
         grafana prometheus sentry pagerduty splunk newrelic okta auth0 cloudflare vercel \
         netlify heroku supabase firebase amadeus expedia airbnb uber lyft doordash yelp \
         tripadvisor zillow imdb tmdb weatherapi openweather",
    ),
];

/// Two words that mean something else together: the first, any of the second, the role.
pub(super) const PAIRS: &[(&str, &str, Role)] = &[
    ("check", "in out off", Act(Writes, Verb)),
    ("log", "in out on off", Act(Grants, LeanNoun)),
    ("sign", "in up out off", Act(Grants, Verb)),
    ("opt", "in out", Act(Writes, Verb)),
    ("roll", "back out", Act(Writes, Verb)),
    ("back", "up", Act(Writes, Verb)),
    ("top", "up", Act(Spends, Verb)),
    ("cash", "out", Act(Spends, Verb)),
    ("shut", "down", Act(Writes, Verb)),
    ("clean", "up", Act(Deletes, Verb)),
    ("hand", "off over", Act(Writes, Verb)),
    ("tear", "down", Act(Deletes, Verb)),
    ("find", "replace", Act(Writes, Verb)),
    (
        "to",
        "file disk csv excel xlsx json pdf parquet clipboard table database db s3",
        Act(Writes, Verb),
    ),
    ("look", "up at for", Read(Look::Verb)),
    ("git", "log status diff show blame", Read(Look::Verb)),
    ("health", "check", Read(Look::Verb)),
    ("track", "order package shipment parcel delivery flight", Read(Look::Verb)),
    ("pods", "log top", Read(Look::Verb)),
    ("nodes", "log top", Read(Look::Verb)),
    ("file", "list info metadata status tree", Read(Look::Verb)),
    ("order", "status history details", Nominal),
    ("exchange", "rate rates", Nominal),
    (
        "convert",
        "currency unit units time timezone temperature length weight distance mass energy",
        Read(Look::Verb),
    ),
    ("solve", "ticket issue case incident problem request", Act(Writes, Verb)),
    ("identify", "user customer visitor person contact lead", Act(Writes, Verb)),
    ("git", "fetch pull", Act(Writes, Verb)),
    ("show", "notification toast popup dialog banner snackbar", Act(Sends, Verb)),
    ("read", "only", Filler),
    ("pull", "request requests", Noun),
    ("merge", "request requests", Noun),
    ("open", "tickets issues orders cases incidents tasks positions invoices deals", Noun),
    ("change", "set log request", Noun),
    ("result", "set", Noun),
    ("data", "set", Noun),
    ("record", "set", Noun),
    ("replica", "set", Noun),
    ("stateful", "set", Noun),
    ("daemon", "set", Noun),
    ("dry", "run", Noun),
    ("address", "book", Noun),
    ("place", "details holder id", Nominal),
];
