// Every bound on what the outside controls, in one table: default, what happens when it bites, and the
// counter (in --stats-json and in metrics) that then goes up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kubevigil::limits {

// Reader
inline constexpr size_t kRecordBytes = 8u << 20;  // larger: bodies dropped while streaming, or all behind the first
                                                  // quarter; body.defect=oversize, "body_defects"
inline constexpr size_t kStreamedBytes = 512u
                                         << 20;  // larger: the record is skipped as a bad line; "bad_lines{too-long}"
inline constexpr size_t kJsonDepth = 256;        // deeper bodies are not walked, body.defect=depth; "body_defects"
inline constexpr size_t kJsonNodes = 1u << 18;   // 64 bytes each; nodes of one body, body.defect=nodes; "body_defects"
inline constexpr size_t kUnwrapDepth = 3;        // string wrappers around one event; "bad_lines{wrapped-too-deep}"
inline constexpr size_t kDecompressRatio =
    2000;  // output/input beyond 64 MiB of output; the file is given up, "bad_files{ratio}"
inline constexpr size_t kBadLinesKept = 10'000;  // records written to --bad-lines; "bad_lines_not_kept"
inline constexpr size_t kListValues = 4096;  // values of one field in one event; tests that the others could decide are
                                             // Unknown, body.defect=values; "field_values_cut"

// Rules
inline constexpr size_t kRuleFileBytes = 4u << 20;      // larger: load error
inline constexpr size_t kConditionDepth = 64;           // nesting of a condition; load error
inline constexpr size_t kYamlNodes = 200'000;           // nodes of one rule file (anchors expanded); load error
inline constexpr size_t kPatternsPerTest = 100'000;     // load error
inline constexpr size_t kRegexProgramBytes = 8u << 20;  // RE2 max_mem of one pattern; load error

// Matching
inline constexpr size_t kInternedValues =
    65'536;  // distinct values remembered per field and worker, then cleared; "intern_clears"
inline constexpr size_t kInternedValueBytes = 512;   // longer values are evaluated without being remembered
inline constexpr size_t kInternedBytes = 16u << 20;  // of all fields, shared by the workers; "intern_clears"
inline constexpr size_t kBatchBytes = 16u << 20;     // of batches that are read ahead; reading waits
inline constexpr size_t kJudgedBytes = 1u << 20;     // of large records that workers judge at one time; others wait

inline constexpr size_t kDefaultThreads = 8;  // most threads that a run takes without --threads

// Memory of a run, for any input and up to kDefaultThreads threads, in MiB at most (200 MB are 190):
//   15   program, rules, buffers of inputs, stacks; kKeyMakers (up to 60 KB a rule whose keys so many make)
//   16   kBatchBytes, and a record of kRecordBytes that is being cut (its buffer has twice its size)      16
//   16   kInternedBytes
//   40   kJudgedBytes of large records: a record of kRecordBytes takes 4 bytes of index a byte, or up to 64 bytes for
//        each of kJsonNodes in the trees of its bodies; a light one up to 0.6 MiB with its worker             8 x 0.6
//   32   kStateBytes: counted as they are allocated, with the tables of the keys
//   16   kOpenAlertBytes, in the table of open alerts and again while they wait for their order
//   24   kDuplicateWindow: 16 bytes an id, in tables that are three quarters full
//    5   kLongRequests: 100 bytes each; ends that overtook their start, of a few minutes, another 64
// Together 180, and what the allocator holds between: a mix that fills most of it measured 179 MB with 2 threads and
// 193 with 8. .ci/memory holds it (`make soak`).

// State
inline constexpr size_t kExactThreshold = 1024;  // larger thresholds use 64 sub-windows, alert marked approximate
inline constexpr size_t kCountedValues =
    100;  // distinct values of a window that are counted beyond what the condition needs; then "at least"
inline constexpr size_t kRecentSlack = 4096;  // matches of one key kept inside the lateness horizon; "approximate_keys"
inline constexpr size_t kStateBytes = 32u << 20;   // all operators; oldest keys leave first, "state_evictions"
inline constexpr size_t kKeysPerRule = 1'000'000;  // "state_evictions"
inline constexpr size_t kOpenAlerts = 8'000;  // held for their last revision; then printed early, "alerts_closed_early"
inline constexpr size_t kOpenAlertBytes = 8u << 20;  // of these, twice; "alerts_closed_early"
inline constexpr size_t kSampleEvents = 10;          // events listed in an alert
inline constexpr size_t kDisplayBytes = 1024;        // one displayed value in an alert, cut with an ellipsis
inline constexpr size_t kDuplicateWindow =
    3 * (3u << 17);  // event ids remembered (three generations of 5 minutes each); "duplicate_window_full"
inline constexpr size_t kLongRequests =
    50'000;  // long-running requests whose other stage is awaited; "long_requests_forgotten"
inline constexpr size_t kKeyMakers = 64;       // actors of a rule whose new keys are counted; others share a place
inline constexpr size_t kKeyMakerBytes = 256;  // of an actor's name and cluster each; cut with an ellipsis
inline constexpr uint64_t kNewKeys = 10'000;   // of one actor and rule in 10 minutes; more are a state_explosion
inline constexpr size_t kChainDepth = 8;       // correlations of correlations; load error

// Chains (state/chain_operator.h)
inline constexpr size_t kChainLinks = 16;     // kinds of links of one rule; load error
inline constexpr size_t kChainLinkDepth = 8;  // links from a root to a hit, whatever `limits.depth` says; load error
inline constexpr size_t kChainFanOut = 64;    // `limits.fan-out`; load error. What the rule allows: "approximate_keys"
inline constexpr size_t kChainSources = 32;   // events that link to one value; the oldest leaves, "approximate_keys"
inline constexpr size_t kChainHits = 64;      // hits of one root inside the lateness; older ones count as in order
inline constexpr size_t kChainEvents = 16'384;  // inside the lateness; a late link misses older: "approximate_keys"
inline constexpr size_t kChainActors = 4'096;   // who began what a timer ends; the oldest leave, "approximate_keys"
inline constexpr size_t kChainShownHits = 24;   // hits that an alert shows; of a stage with several the oldest leave
inline constexpr size_t kChainShownLinks = 16;  // links that an alert shows; the oldest leave

// Live runs
inline constexpr size_t kStreams = 1024;      // with a watermark of their own; further ones of a cluster share one,
                                              // "streams_shared"
inline constexpr size_t kStreamNames = 4096;  // of streams, for alerts; then "(forgotten stream)"
inline constexpr size_t kLiveDuplicates =
    3 * (3u << 19);  // event ids remembered, 16 bytes each, as kDuplicateWindow: 20 minutes at 4,000 events a second
inline constexpr size_t kLiveAlertBytes = 32u << 20;  // open alerts as they were sent; the oldest close early,
                                                      // "alerts_closed_early"

// A match record (run/match_record.h); "cut" beyond
inline constexpr size_t kMatchRecordBytes = 900u << 10;  // brokers take messages of 1 MiB unless told otherwise
inline constexpr size_t kMatchHits = 4096;               // of one event
inline constexpr size_t kMatchOperands = 16384;          // of one hit: one for each feed and each value of a field
inline constexpr size_t kMatchSources = 3000;            // whose time one record tells: names of 249 bytes fit

// Disk
inline constexpr size_t kLogRecordBytes = 16u << 20;       // one record of a log; longer ones are refused
inline constexpr size_t kCommitQueueBytes = 32u << 20;     // waiting to be written; producers wait
inline constexpr uint64_t kSpoolBodyBytes = 512ull << 20;  // one webhook body; longer: 413, "spool_refused{too-long}"
inline constexpr uint64_t kSpoolBytes = 10'000'000'000;    // all segments of the spool; 429, "spool_refused{budget}"
inline constexpr uint64_t kDiskReserveBytes = 64u << 20;   // kept so that journal and alerts fit; 429, "disk_full"
inline constexpr uint64_t kStartRoomBytes = 16u << 20;     // free without the reserve: less, and a start waits for it
inline constexpr size_t kSpoolSourceBytes = 1024;          // each text of a body's source; longer is cut
inline constexpr size_t kSpoolOpenBodies = 65'536;         // bodies on their way at once; 429, "spool_refused{budget}"
inline constexpr size_t kSnapshotNoteBytes = 32u << 20;    // the note of a snapshot; longer is refused. Positions of
                                                           // 8 x kKafkaPartitions with the longest names fit
inline constexpr size_t kRuleBundleBytes = 64u << 20;      // rules and lists of a run; more are refused, rules_rejected

// Alerts about the program itself
inline constexpr size_t kSelfAlertSubjects = 200;  // of each kind at once; others share one alert, "self_alerts_others"
inline constexpr size_t kSelfAlertTextBytes = 400;  // each of subject and detail; cut with an ellipsis

// Admin
inline constexpr size_t kMetricSeries =
    1'000;  // values of the labels of one metric; further ones are summed as "other"
inline constexpr size_t kMetricLabelBytes = 128;       // a label's value; cut with an ellipsis
inline constexpr size_t kRecentAlerts = 1'000;         // shown by /api/v1/alerts; the oldest leave
inline constexpr size_t kRecentAlertBytes = 8u << 20;  // of these; the oldest leave
inline constexpr size_t kAdminConnections = 64;        // closed at once; "connections_over_limit"

// Tail
inline constexpr size_t kTailFiles =
    10'000;  // of one rotated set; the oldest beyond are not looked at, "files_ignored"
inline constexpr uint64_t kTailHeldBytes = 64u << 20;  // since the last complete record; parts and lists are then given
                                                       // up as they are, "records_given_up"

// Kafka
inline constexpr size_t kKafkaPartitions = 4'096;       // of one input; further ones are not read, and that is said
inline constexpr size_t kKafkaHeldBytes = 32u << 20;    // of messages that wait for their turn; then the others pause
inline constexpr size_t kKafkaHeaders = 256;            // of a message; with more of them, none is known
inline constexpr size_t kKafkaQueueKbytes = 32u << 10;  // in librdkafka's own queue, if not set otherwise

// HTTP server; the times are in engine/net/http_server.h
inline constexpr size_t kConnections = 16'384;               // closed at once; "connections_over_limit"
inline constexpr size_t kConnectionsOfPeer = 1'024;          // closed at once; "connections_over_peer_limit"
inline constexpr size_t kRequestHeaderBytes = 32u << 10;     // 431; "bad_requests"
inline constexpr size_t kRequestHeaders = 100;               // 431; "bad_requests"
inline constexpr uint64_t kRequestBodyBytes = 512ull << 20;  // 413; "large_bodies"

// Configuration
inline constexpr size_t kConfigEntries = 1000;  // of one list of mappings; load error

// Kafka output
inline constexpr size_t kKafkaLookup = 1'000'000;  // messages read to find what was published; alerts behind them are
                                                   // sent, perhaps again, which is said. 16 MB when all are ours

// Log
inline constexpr size_t kLogValueBytes = 1024;  // one value in a line; cut with an ellipsis
inline constexpr size_t kLogLineBytes = 8192;   // fields beyond are left out, "left_out" in the line
inline constexpr size_t kLogKeys = 1024;        // kinds of lines limited each for itself; others share one limit
// Webhook
inline constexpr size_t kWebhookOpenBytes = 64u << 20;  // of bodies that are being received; 429, "refused{busy}"
inline constexpr size_t kSenders = 1'024;               // remembered; the one not seen for longest leaves, "forgotten"
inline constexpr size_t kStrangers = 1'024;             // addresses that were answered 401; "strangers_forgotten"
inline constexpr size_t kBodiesRemembered = 65'536;     // twice, to see retries; older ones are not seen

}  // namespace kubevigil::limits
