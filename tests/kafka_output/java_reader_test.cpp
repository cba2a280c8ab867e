// Kafka's own consumer, in Java, and kcat read what we publish: the same keys, headers and values in the same
// partitions, which are those that Java's producer gives to these keys; and the journal holds the same revisions.
#include <set>

#include "tests/kafka_output/serve_fixture.h"

namespace kubevigil {
namespace {

using test::Instance;

constexpr int kPartitions = 3;

// murmur2 as Kafka's clients have it (org.apache.kafka.common.utils.Utils), written from its description.
uint32_t murmur2(std::string_view key) {
  constexpr uint32_t kFactor = 0x5bd1e995;
  const auto byte = [&](size_t at) { return static_cast<uint32_t>(static_cast<unsigned char>(key[at])); };
  uint32_t hash = 0x9747b28cu ^ static_cast<uint32_t>(key.size());
  size_t at = 0;
  for (; at + 4 <= key.size(); at += 4) {
    uint32_t word = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
    word *= kFactor;
    word ^= word >> 24;
    hash = hash * kFactor ^ word * kFactor;
  }
  const size_t rest = key.size() - at;
  for (size_t i = rest; i > 0; --i) hash ^= byte(at + i - 1) << (8 * (i - 1));
  if (rest > 0) hash *= kFactor;
  hash ^= hash >> 13;
  hash *= kFactor;
  return hash ^ hash >> 15;
}

std::vector<std::string> lines_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 65536> piece{};
  for (size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe.get())) > 0;)
    text.append(piece.data(), got);
  std::vector<std::string> out;
  for (size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    out.push_back(text.substr(at, end - at));
  }
  return out;
}

class JavaReader : public test::ServeToKafka {
 protected:
  // "Partition:<n>\t<headers>\t<key>\t<value>", of each partition in its order.
  std::vector<std::string> read_by_java() const {
    auto out = lines_of(fmt::format(
        "java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '{}/*' "
        "org.apache.kafka.tools.consumer.ConsoleConsumer --bootstrap-server {} --topic {} --from-beginning "
        "--isolation-level read_committed --max-messages {} --timeout-ms 60000 --property print.partition=true "
        "--property print.headers=true --property print.key=true 2>{}",
        *test::kafka_jars(test::kafka_version()), broker().address(), topic, seen.names.size(),
        folder.path("java.log")));
    for (std::string& line : out) as_kcat_writes(line);
    return by_partition(std::move(out));
  }
  // In the same form.
  std::vector<std::string> read_by_kcat() const {
    return by_partition(
        lines_of(fmt::format("kcat -C -q -e -b {} -t {} -o beginning -X isolation.level=read_committed -f "
                             "'Partition:%p\\t%h\\t%k\\t%s\\n'",
                             broker().address(), topic)));
  }
  // Headers: "name:value,..." as "name=value,...".
  static void as_kcat_writes(std::string& line) {
    const size_t begin = line.find('\t'), end = line.find('\t', begin + 1);
    for (size_t at = begin; at < end; at = line.find(',', at + 1)) {
      if (const size_t colon = line.find(':', at); colon < end) line[colon] = '=';
    }
  }
  static std::vector<std::string> by_partition(std::vector<std::string> lines) {
    std::stable_sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
      return a.substr(0, a.find('\t')) < b.substr(0, b.find('\t'));
    });
    return lines;
  }
};

TEST(Murmur2, IsThatOfKafkasClients) {
  // From the tests of Kafka's clients (UtilsTest.testMurmur2).
  EXPECT_EQ(static_cast<int32_t>(murmur2("21")), -973932308);
  EXPECT_EQ(static_cast<int32_t>(murmur2("foobar")), -790332482);
  EXPECT_EQ(static_cast<int32_t>(murmur2("a-little-bit-long-string")), -985981536);
  EXPECT_EQ(static_cast<int32_t>(murmur2("abc")), 479470107);
}

TEST_F(JavaReader, ReadsWhatKcatReadsWhereJavaWouldHavePutIt) {
  ASSERT_TRUE(broker().create_topic(topic, kPartitions));
  log.append("");
  Instance serve(folder, "test", config());
  serve.start();
  events(200);
  ASSERT_TRUE(all_published()) << serve.said();
  EXPECT_EQ(serve.stop(), 0) << serve.said();
  seen = published();

  const std::vector<std::string> by_java = read_by_java(), by_kcat = read_by_kcat();
  EXPECT_EQ(by_kcat.size(), seen.names.size());
  EXPECT_TRUE(by_java == by_kcat) << test::difference(by_java, by_kcat) << "\n"
                                  << (by_java.empty() ? "" : by_java.front()) << "\n"
                                  << by_kcat.front();
  std::set<std::string> partitions;
  for (const std::string& line : by_kcat) {
    const size_t headers = line.find('\t'), key = line.find('\t', headers + 1) + 1;
    const std::string of_key = line.substr(key, line.find('\t', key) - key);
    EXPECT_EQ(line.substr(0, headers), fmt::format("Partition:{}", (murmur2(of_key) & 0x7fffffffu) % kPartitions));
    partitions.insert(line.substr(0, headers));
  }
  EXPECT_EQ(partitions.size(), static_cast<size_t>(kPartitions));
  std::vector<std::string> names = seen.names, journaled = serve.journaled();
  std::sort(names.begin(), names.end());
  std::sort(journaled.begin(), journaled.end());
  EXPECT_TRUE(names == journaled) << test::difference(names, journaled);
}

}  // namespace
}  // namespace kubevigil
