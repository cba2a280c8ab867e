#include "engine/event/part_joiner.h"

#include <algorithm>

#include "engine/event/json_text.h"

namespace kubevigil {
namespace {

constexpr size_t kDockerPart = 16 << 10;
constexpr std::string_view kDockerHead = "{\"log\":\"";
constexpr std::string_view kLineFeed = "\\n";  // the escape

// "<time> stdout P rest": the pieces of a CRI line, or an empty stream.
struct CriLine {
  std::string_view time;
  std::string_view stream;
  char tag = 0;
  std::string_view content;
};

CriLine parse_cri(std::string_view text) {
  const size_t time_end = text.find(' ');
  if (time_end == std::string_view::npos || time_end < 19 || text[4] != '-' || text[10] != 'T') return {};
  const size_t stream_end = text.find(' ', time_end + 1);
  if (stream_end == std::string_view::npos || stream_end + 1 >= text.size()) return {};
  const std::string_view stream = text.substr(time_end + 1, stream_end - time_end - 1);
  if (stream != "stdout" && stream != "stderr") return {};
  const char tag = text[stream_end + 1];
  if (tag != 'P' && tag != 'F') return {};
  const size_t tag_end = std::min(text.find(' ', stream_end + 1), text.size() - 1);
  return {text.substr(0, time_end), stream, tag, text.substr(tag_end + 1)};
}

}  // namespace

void PartJoiner::record(const Piece& piece) {
  const char first = piece.text.empty() ? '\0' : piece.text.front();
  if (first >= '0' && first <= '9' && cri(piece)) return;
  if (first == '{' && piece.text.starts_with(kDockerHead) && docker(piece)) return;
  next_.record(piece);
}

bool PartJoiner::cri(const Piece& piece) {
  const CriLine line = parse_cri(piece.text);
  if (line.stream.empty()) return false;
  Waiting& waiting = waiting_[line.stream == "stdout" ? 0 : 1];
  if (line.tag == 'F' && waiting.text.empty()) return false;
  if (waiting.text.empty()) {
    waiting.text.append(line.time).append(" ").append(line.stream).append(" F ");
    waiting.position = piece.position;
  }
  append(waiting, line.content);
  if (line.tag == 'F') flush(waiting);
  return true;
}

bool PartJoiner::docker(const Piece& piece) {
  const size_t quote = closing_quote(piece.text, kDockerHead.size() - 1);
  if (quote == std::string_view::npos || piece.text.find("\"stream\":", quote) == std::string_view::npos) return false;
  const std::string_view part = piece.text.substr(kDockerHead.size(), quote - kDockerHead.size());
  const bool unfinished = part.size() >= kDockerPart && !part.ends_with(kLineFeed) && !part.ends_with('}');
  Waiting& waiting = waiting_[2];
  if (!unfinished && waiting.text.empty()) return false;
  if (waiting.text.empty()) {
    waiting.text = kDockerHead;
    waiting.position = piece.position;
  }
  append(waiting, part);
  waiting.tail = piece.text.substr(quote);
  if (!unfinished) flush(waiting);
  return true;
}

// Beyond the bound of a record the rest is left out: the envelope stands in front.
void PartJoiner::append(Waiting& waiting, std::string_view part) {
  const size_t room = record_bytes_ - std::min(record_bytes_, waiting.text.size());
  waiting.text.append(part.substr(0, room));
}

void PartJoiner::flush(Waiting& waiting) {
  waiting.text += waiting.tail;
  next_.record({waiting.text, waiting.position});
  waiting = {};
}

void PartJoiner::finish() {
  for (Waiting& waiting : waiting_) {
    if (!waiting.text.empty()) flush(waiting);
  }
}

}  // namespace kubevigil
