//! The words of SQL: data for `sql.rs`.

use super::effect::Effect::{self, Deletes, Executes, Grants, Writes};

/// What a word does wherever it stands unquoted in a statement. A column of the same name costs
/// the proof, which is the right side to err on.
pub(super) fn word_effect(word: &str) -> Option<Effect> {
    Some(match word {
        "insert" | "update" | "merge" | "upsert" | "replace" | "alter" | "create" | "into"
        | "lock" | "unlock" | "rename" | "reindex" | "vacuum" | "analyze" | "refresh"
        | "cluster" | "outfile" | "dumpfile" | "set" | "reset" | "comment" | "import"
        | "export" | "optimize" | "repair" | "checkpoint" | "share" | "begin" | "commit"
        | "rollback" | "savepoint" | "prepare" | "deallocate" | "listen" | "notify"
        | "unlisten" | "discard" | "declare" | "use" | "nextval" | "tablock" | "tablockx"
        | "xlock" | "updlock" | "holdlock" | "paglock" | "rowlock" => Writes,
        "delete" | "drop" | "truncate" | "purge" | "kill" | "shutdown" => Deletes,
        "grant" | "revoke" | "reassign" | "authorization" => Grants,
        "exec" | "execute" | "call" | "do" | "copy" | "load" | "attach" | "detach" | "install"
        | "handler" | "program" | "bulk" | "backup" | "restore" | "openrowset"
        | "opendatasource" | "openquery" | "waitfor" | "perform" | "dbcc" | "reconfigure" => {
            Executes
        }
        _ => return None,
    })
}

/// Words before a bracket that are grammar and not a function's name.
pub(super) fn is_structural(word: &str) -> bool {
    const WORDS: &str = " in and or not exists any all some values over as on using by from where \
        select when then else case between like ilike union intersect except join filter within \
        group partition order having limit offset lateral with is distinct array row set sets rollup \
        cube grouping into table varchar char character decimal numeric float varying timestamp time \
        bit binary varbinary nvarchar nchar int interval materialized recursive only unnest returning \
        top return end ties analyze explain format ";
    contains(WORDS, word)
}

/// Functions of common databases that compute and have no effect.
pub(super) fn is_pure_function(name: &str) -> bool {
    const NAMES: &str = " abs acos age any_value approx_count_distinct array_agg array_length \
        array_to_string ascii asin atan atan2 avg bit_and bit_length bit_or bool_and bool_or btrim \
        cardinality cast ceil ceiling char_length character_length charindex chr coalesce concat \
        concat_ws convert corr cos cosh cot count count_if countif covar_pop covar_samp cume_dist \
        curdate current_date current_time current_timestamp curtime date date_add date_bin date_diff \
        date_format date_part date_sub date_trunc dateadd datediff datefromparts datename datepart \
        datetime day dayname dayofmonth dayofweek dayofyear decode degrees dense_rank div encode \
        eomonth every exp extract field find_in_set first_value floor format format_date from_unixtime \
        generate_series getdate getutcdate glob greatest group_concat grouping hash hex hour ifnull \
        iif initcap instr isnull json_agg json_array json_array_elements json_array_length json_each \
        json_extract json_extract_path json_extract_path_text json_group_array json_group_object \
        json_object json_object_agg json_query json_type json_valid json_value jsonb_agg \
        jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_object \
        jsonb_each jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_object_keys \
        jsonb_path_query jsonb_typeof json_typeof julianday lag last_day last_value lcase lead least \
        left len length ln localtime localtimestamp locate log log10 log2 lower lpad ltrim make_date \
        max md5 median mid min minute mod mode month monthname now nth_value ntile nullif nvl \
        octet_length percent_rank percentile_cont percentile_disc pi position pow power quarter quote \
        radians rank regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace \
        regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right round \
        row_number row_to_json rpad rtrim safe_divide second sha1 sha2 sha256 sign similarity sin sinh \
        space split_part sqrt stddev stddev_pop stddev_samp str_to_date strftime string_agg \
        string_to_array strpos stuff substr substring substring_index sum sysdate tan tanh time \
        timediff timestamp timestampadd timestampdiff to_char to_date to_json to_jsonb to_number \
        to_timestamp to_tsquery to_tsvector total translate trim trunc try_cast try_convert \
        ts_rank typeof ucase unicode unix_timestamp unixepoch unnest upper utc_timestamp \
        var_pop var_samp variance version week weekday year \
        plainto_tsquery websearch_to_tsquery pg_size_pretty pg_total_relation_size pg_relation_size \
        pg_database_size current_database current_schema current_user database schema user \
        obj_description col_description format_type pg_get_viewdef pg_get_indexdef \
        pg_get_constraintdef sqlite_version st_distance st_within st_contains st_intersects ";
    contains(NAMES, name)
}

/// Whether `list`, whose words stand between spaces, has `word`.
fn contains(list: &str, word: &str) -> bool {
    let matches = |(at, found): (usize, &str)| {
        let before = list.get(..at).is_some_and(|text| text.ends_with(' '));
        let after = list.get(at + found.len()..).is_some_and(|text| text.starts_with(' '));
        before && after
    };
    !word.is_empty() && !word.contains(' ') && list.match_indices(word).any(matches)
}
