// What the answer to a POST of alerts means for their delivery.
//
//   2xx                       Delivered; where the consumer judges records, what its body says of each
//   408 425 429 5xx           Retry, after Retry-After (whole seconds, at most kLongestWait) or the caller's back-off
//   400 409 413 422           Refused: the consumer will never take this body
//   3xx and any other 4xx     Retry: a redirect, credential, address or setting that a person has to mend; the alerts
//                             are fine, and must not all become dead letters meanwhile
//
// Elasticsearch's _bulk ("Bulk API" page): 200, {"errors":B,"items":[{"create":{"status":N,"error":{..}}}]} with one
// item a document, in order. Status 2xx, and 409 (the _id is there already): delivered; the others as above. An answer
// that does not fit the request is Retry: the ids keep what was taken from being there twice.
#pragma once

#include <string_view>

#include "engine/net/response_reader.h"
#include "engine/run/output.h"

namespace kubevigil {

inline constexpr Duration kLongestWait = Duration::hours(1);

// `records`: how many the message held. The reason holds the status and the beginning of the body, printable.
Delivery judge_answer(const HttpResponse& answer, bool judges_records, size_t records);

}  // namespace kubevigil
