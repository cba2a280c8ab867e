#include "inputs/kafka_place.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(KafkaPlace, IsTheSameBehindItsText) {
  for (const KafkaPlace& place : {KafkaPlace{0, 0}, KafkaPlace{41, 7}, KafkaPlace{INT64_MAX, UINT64_MAX}}) {
    EXPECT_EQ(parse_kafka_place(to_text(place)), place);
  }
  EXPECT_EQ(to_text(KafkaPlace{41, 7}), "41 7");
  for (const char* text : {"", "4", "4 ", " 4", "4 5 6", "-1 0", "4 -1", "4  5", "x 0", "4 99999999999999999999"}) {
    EXPECT_FALSE(parse_kafka_place(text)) << text;
  }
}

TEST(KafkaPlace, ALaneIsNamedByInputTopicAndPartition) {
  const TopicPartition at{"audit.prod-1_a", 12};
  EXPECT_EQ(kafka_source("kafka/main", at), "kafka/main/audit.prod-1_a/12");
  EXPECT_EQ(parse_kafka_source("kafka/main", "kafka/main/audit.prod-1_a/12"), at);
  for (const char* text : {"kafka/main", "kafka/main/", "kafka/main/a", "kafka/main/a/", "kafka/main/a/-1",
                           "kafka/main//1", "kafka/main/a/1/2", "kafka/other/a/1", "kafka/main2/a/1", "spool"}) {
    EXPECT_FALSE(parse_kafka_source("kafka/main", text)) << text;
  }
}

TEST(KafkaPlace, StartsAreTheSameBehindTheirText) {
  const KafkaStarts starts = {{{"a", 0}, 5}, {{"a", 1}, 0}, {{"b", 10}, 7}};
  EXPECT_EQ(to_text(starts), "a/0=5 a/1=0 b/10=7");
  EXPECT_EQ(parse_kafka_starts(to_text(starts)), starts);
  EXPECT_EQ(parse_kafka_starts(""), KafkaStarts());
  for (const char* text : {"a", "a/0", "a/0=", "a/0=-1", "a=5", "a/0=5  b/0=1", "4 0"}) {
    EXPECT_FALSE(parse_kafka_starts(text)) << text;
  }
}

}  // namespace
}  // namespace kubevigil
