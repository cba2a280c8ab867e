#include "engine/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "engine/base/limits.h"
#include "tests/support/memory_log.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

static_assert(!std::is_convertible_v<Secret, std::string> && !std::is_convertible_v<Secret, std::string_view>);

constexpr std::string_view kHead = "2026-01-02T03:04:05.000006Z ";

std::string one_line(LogFormat format, LogFields fields) {
  const SetEnv env;
  MemoryLog log(env, {LogLevel::Debug, format});
  log.log().warn("spool", "segment is damaged", fields);
  return log.lines().at(0);
}

TEST(Log, ValuesInBothFormats) {
  struct Case {
    LogValue value;
    std::string text, json;
  };
  const Case cases[] = {
      {"a.seg", "a.seg", "\"a.seg\""},
      {std::string("two words"), "\"two words\"", "\"two words\""},
      {"", "\"\"", "\"\""},
      {"x=\"1\" \\", "\"x=\\\"1\\\" \\\\\"", "\"x=\\\"1\\\" \\\\\""},
      {3, "3", "3"},
      {uint64_t{18446744073709551615U}, "18446744073709551615", "18446744073709551615"},
      {-1, "-1", "-1"},
      {0.5, "0.5", "0.5"},
      {std::numeric_limits<double>::infinity(), "null", "null"},
      {true, "true", "true"},
      {Duration::seconds(90), "90s", "\"90s\""},
      {Timestamp{0}, "1970-01-01T00:00:00.000000Z", "\"1970-01-01T00:00:00.000000Z\""},
      {Secret("hunter2"), "redacted", "\"redacted\""},
      {"a\nlevel=error", "\"a\\\\x0alevel=error\"", "\"a\\\\x0alevel=error\""},
      {"\x1b[2J", "\"\\\\x1b[2J\"", "\"\\\\x1b[2J\""},
      {"\xff", "\"\\\\xff\"", "\"\\\\xff\""},
      {"\u202e", "\"\\\\u{202e}\"", "\"\\\\u{202e}\""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(one_line(LogFormat::Text, {{"v", c.value}}),
              std::string(kHead) + "warn spool: segment is damaged v=" + c.text);
    EXPECT_EQ(one_line(LogFormat::Json, {{"v", c.value}}),
              R"({"time":"2026-01-02T03:04:05.000006Z","level":"warn","component":"spool",)"
              R"("message":"segment is damaged","v":)" +
                  c.json + "}");
  }
}

TEST(Log, ASecretIsShownAsRedactedEverywhere) {
  const Secret secret("hunter2");
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "redacted");
  EXPECT_EQ(fmt::format("{}", secret), "redacted");
  EXPECT_EQ(secret.reveal(), "hunter2");
}

TEST(Log, LinesBelowItsLevelAreNotWritten) {
  const SetEnv env;
  MemoryLog log(env, {LogLevel::Warn, LogFormat::Text});
  log.log().debug("a", "debug");
  log.log().info("a", "info");
  log.log().warn("a", "warn");
  log.log().error("a", "error");
  EXPECT_THAT(log.lines(), ElementsAre(std::string(kHead) + "warn a: warn", std::string(kHead) + "error a: error"));
}

TEST(Log, LongValuesAreCutAndFieldsBeyondTheLineAreLeftOut) {
  for (const LogFormat format : {LogFormat::Text, LogFormat::Json}) {
    const std::string control(1 << 20, '\x01');  // each byte takes several in the line
    const std::string line =
        one_line(format, {{"a", control}, {"b", control}, {"c", control}, {"n", 7}, {"d", std::string(100, 'x')}});
    EXPECT_LE(line.size(), limits::kLogLineBytes);
    EXPECT_THAT(line, HasSubstr(format == LogFormat::Text ? " n=7" : ",\"n\":7"));
    EXPECT_THAT(line, HasSubstr(format == LogFormat::Text ? " left_out=2" : ",\"left_out\":2"));
  }
}

TEST(Log, OfOneKindABurstIsWrittenAndTheRestCounted) {
  SetEnv env;
  MemoryLog log(env);
  for (int i = 0; i < 15; ++i) log.log().info("tail", "line torn", {{"n", i}});
  log.log().error("tail", "line torn");
  EXPECT_EQ(log.lines().size(), kLogBurst);
  log.log().info("tail", "another kind");
  EXPECT_EQ(log.lines().size(), kLogBurst + 1);

  env.time = kLogPeriod - Duration{1};
  log.log().info("tail", "line torn");
  EXPECT_EQ(log.lines().size(), kLogBurst + 1);

  env.time = kLogPeriod;
  log.log().info("spool", "any line");
  ASSERT_EQ(log.lines().size(), kLogBurst + 3);
  EXPECT_THAT(log.lines()[kLogBurst + 1], HasSubstr("error tail: line torn suppressed=7"));
  EXPECT_THAT(log.lines()[kLogBurst + 2], HasSubstr("any line"));
  log.log().info("tail", "line torn", {{"n", 99}});
  EXPECT_THAT(log.lines().back(), HasSubstr("n=99"));
}

TEST(Log, CountsItsLines) {
  const SetEnv env;
  MemoryLog log(env, {LogLevel::Info, LogFormat::Text});
  log.log().debug("a", "not shown");
  log.log().error("a", "once");
  for (size_t i = 0; i < kLogBurst + 3; ++i) log.log().info("a", "often");
  EXPECT_THAT(log.log().counts().lines, ElementsAre(0, kLogBurst, 0, 1));
  EXPECT_EQ(log.log().counts().suppressed, 3u);
}

TEST(Log, WhatWasSuppressedLastIsSaidAtTheEnd) {
  const SetEnv env;
  std::vector<std::string> lines;
  {
    Log log(env, {LogLevel::Info, LogFormat::Text}, [&](std::string_view line) { lines.emplace_back(line); });
    for (size_t i = 0; i < kLogBurst + 2; ++i) log.info("a", "b");
  }
  ASSERT_EQ(lines.size(), kLogBurst + 1);
  EXPECT_THAT(lines.back(), HasSubstr("suppressed=2"));
}

TEST(Log, KindsBeyondTheTableShareOneLimit) {
  const SetEnv env;
  MemoryLog log(env);
  for (size_t i = 0; i < limits::kLogKeys + 1000; ++i) log.log().info("a", std::to_string(i));
  EXPECT_EQ(log.lines().size(), limits::kLogKeys + kLogBurst);
}

TEST(Log, ThreadsWriteWholeLines) {
  const SetEnv env;
  MemoryLog log(env);
  std::array<std::thread, 4> threads;
  for (size_t t = 0; t < threads.size(); ++t) {
    threads[t] = std::thread([&log, t] {
      for (int i = 0; i < 8; ++i) log.log().info("thread " + std::to_string(t), "said");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(log.lines().size(), 32U);
  EXPECT_EQ(log.count(": said"), 32U);
}

TEST(Log, WritesToAStream) {
  const SetEnv env;
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  Log(env, {}, file).info("a", "b");
  std::rewind(file);
  std::array<char, 256> text{};
  const size_t size = std::fread(text.data(), 1, text.size(), file);
  std::fclose(file);
  EXPECT_EQ(std::string(text.data(), size),
            "{\"time\":\"2026-01-02T03:04:05.000006Z\",\"level\":\"info\",\"component\":\"a\",\"message\":\"b\"}\n");
}

}  // namespace
}  // namespace kubevigil
