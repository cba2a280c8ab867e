// Bodies of the greatest length that is taken, over the wire: 200 and whole in the spool, with bounded memory; one byte
// more is 413.
#include <gmock/gmock.h>

#include "tests/inputs/webhook_fixture.h"
#include "tests/support/sanitized.h"

namespace kubevigil {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr uint64_t kLongest = 512u << 20;
constexpr size_t kPiece = 1u << 20;

// Bytes of a list of events. The same few again and again: they cost the compressor little, and the spool's disk, which
// is in memory here, nearly nothing.
std::string list_piece() {
  std::string unit;
  for (int n = 0; n < 40; ++n) unit += fmt::format(R"({{"kind":"Event","auditID":"{:08}","verb":"get"}},)", n);
  std::string piece;
  while (piece.size() < kPiece) piece += unit;
  piece.resize(kPiece);
  return piece;
}

class LongBody : public WebhookTest {
 protected:
  static std::string head(const std::string& framing) {
    return fmt::format("POST /k8s-audit/lab HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{}\r\n\r\n", kToken,
                       framing);
  }
  void write_body(Wire& wire, uint64_t size, bool chunked) {
    for (uint64_t sent = 0; sent < size; sent += kPiece) {
      const auto part = std::string_view(piece).substr(0, std::min<uint64_t>(kPiece, size - sent));
      ASSERT_TRUE(!chunked || wire.write(fmt::format("{:x}\r\n", part.size())));
      ASSERT_TRUE(wire.write(part) && (!chunked || wire.write("\r\n")));
      most_open = std::max(most_open, receiver->open_bytes());
      most_queued = std::max(most_queued, spool->commit().queued_bytes());
    }
  }
  // How long the bodies of the spool are; each is to be the piece again and again.
  std::vector<uint64_t> lengths() const {
    std::vector<uint64_t> out;
    SpoolReader reader(*spool, {});
    std::string got(kPiece, '\0');
    for (auto step = reader.next(); step && *step == SpoolReader::Step::Body; step = reader.next()) {
      uint64_t at = 0;
      while (const size_t n = reader.body().bytes->read(got)) {
        const size_t from = at % kPiece, first = std::min(n, kPiece - from);
        const bool same =
            std::string_view(piece).substr(from, first) == std::string_view(got).substr(0, first) &&
            std::string_view(piece).substr(0, n - first) == std::string_view(got).substr(first, n - first);
        EXPECT_TRUE(same) << "other bytes between " << at << " and " << at + n;
        at += n;
      }
      EXPECT_EQ(reader.body().bytes->status().end, StreamEnd::Complete);
      out.push_back(at);
    }
    return out;
  }

  const std::string piece = list_piece();
  size_t most_open = 0, most_queued = 0;
};

TEST_F(LongBody, Of512MiBIsTakenWholeAndNeverHeldInMemory) {
  start();
  [[maybe_unused]] const size_t before = system_env().peak_memory();
  for (const bool chunked : {false, true}) {
    Wire one = wire();
    const std::string framing = chunked ? "Transfer-Encoding: chunked" : fmt::format("Content-Length: {}", kLongest);
    ASSERT_TRUE(one.write(head(framing)));
    ASSERT_NO_FATAL_FAILURE(write_body(one, kLongest, chunked));
    ASSERT_TRUE(!chunked || one.write("0\r\n\r\n"));
    ASSERT_THAT(answer_on(one), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_GT(most_open, 0u);
  EXPECT_LE(most_open, 1u << 20);
  EXPECT_LE(most_queued, 2 * limits::kCommitQueueBytes);
  EXPECT_THAT(lengths(), ElementsAre(kLongest, kLongest));
  EXPECT_EQ(receiver->open_bytes(), 0u);
#ifndef KUBEVIGIL_SANITIZED
  EXPECT_LT(system_env().peak_memory() - before, 64u << 20);  // the spool's disk among it
#endif
}

TEST_F(LongBody, OneByteMoreIs413WhenItComes) {
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write(head("Transfer-Encoding: chunked")));
  ASSERT_NO_FATAL_FAILURE(write_body(one, kLongest, true));
  EXPECT_EQ(server->counters().answers[4], 0u);
  ASSERT_TRUE(one.write("1\r\n,"));
  EXPECT_THAT(answer_on(one), AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("Connection: close")));
  EXPECT_TRUE(eventually([&] { return receiver->open_bytes() == 0 && spool->counts().open == 0; }));
  EXPECT_THAT(lengths(), testing::IsEmpty());
  EXPECT_EQ(client(kPlain, "/k8s-audit/lab")->send({.headers = {bearer}, .body = "{}"})->status, 200);
}

}  // namespace
}  // namespace kubevigil
