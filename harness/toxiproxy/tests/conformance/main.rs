//! One suite for two servers: the embedded one, and the original Toxiproxy where there is one.
//!
//! `AFTERALL_TOXIPROXY_SERVER` names the original's server binary. Without it that half is counted as ignored; with
//! `AFTERALL_REQUIRE_ALL=1` it fails instead. Times are compared with lower bounds only: a slow machine fails
//! nothing.

#![expect(clippy::disallowed_methods, reason = "the effects of toxics are measured")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed step is a failed test")]

mod api;
mod client;
mod effects;
mod subject;

use afterall_needs::{NOTHING, Trial, test};
use std::process::ExitCode;
use subject::Subject;

macro_rules! suite {
    ($($module:ident :: $name:ident,)+) => {
        fn tests() -> Vec<Trial> {
            vec![$(
                test(concat!("embedded::", stringify!($name)), NOTHING, || {
                    on_a_runtime(async {
                        let subject = Subject::embedded().await;
                        $module::$name(&subject).await;
                        subject.stop().await;
                    });
                }),
                test(concat!("original::", stringify!($name)), Subject::original_is_there, || {
                    on_a_runtime(async {
                        let subject = Subject::original().await;
                        $module::$name(&subject).await;
                        subject.stop().await;
                    });
                }),
            )+]
        }
    };
}

fn on_a_runtime(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

fn main() -> ExitCode {
    afterall_needs::run(tests())
}

suite! {
    api::answers_its_version,
    api::creates_a_proxy_on_a_port_of_its_choice,
    api::creates_a_disabled_proxy,
    api::refuses_bad_proxies,
    api::refuses_a_second_proxy_of_the_same_name,
    api::says_when_an_address_is_taken,
    api::lists_shows_and_deletes_proxies,
    api::says_what_is_missing,
    api::updates_a_proxy_in_part,
    api::reads_fields_leniently,
    api::adds_toxics_with_defaults,
    api::writes_every_toxic_with_all_its_attributes,
    api::refuses_bad_toxics,
    api::updates_a_toxic_in_part,
    api::takes_patch_for_post,
    api::populates,
    api::populate_keeps_what_is_the_same,
    api::populate_refuses_bad_lists,
    api::resets,
    api::refuses_other_paths_methods_and_browsers,
    effects::carries_data_both_ways,
    effects::passes_on_the_end,
    effects::closes_when_the_upstream_refuses,
    effects::latency_delays_its_direction,
    effects::latency_with_jitter_keeps_the_order,
    effects::latency_loses_nothing_at_the_end,
    effects::bandwidth_limits_the_rate,
    effects::slow_close_delays_the_end,
    effects::timeout_swallows_and_closes,
    effects::a_black_hole_is_silent_in_one_direction_and_closes_when_removed,
    effects::a_black_hole_takes_new_connections,
    effects::reset_peer_resets,
    effects::slicer_spreads_data_and_loses_nothing,
    effects::limit_data_closes_after_so_many_bytes,
    effects::toxics_stack,
    effects::toxicity_0_does_nothing,
    effects::disabling_ends_connections_and_refuses_new_ones,
    effects::deleting_ends_connections,
    effects::another_upstream_takes_over,
    client::cuts_and_mends,
    client::delays_and_clears,
    client::black_holes,
    client::a_batch_is_made_and_read_back,
    client::a_dropped_change_is_a_mismatch,
    client::a_proxy_removed_by_somebody_is_a_mismatch,
    client::every_kind_of_toxic_takes_hold,
    client::leads_a_link_elsewhere,
    client::leaves_the_proxies_of_others_alone,
    client::refuses_names_that_are_taken_unfit_or_unknown,
    client::cleans_up_when_dropped,
}
