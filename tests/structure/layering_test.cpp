// Reads every #include of the project and holds it against design: who may include whom, and that each third-party
// header stays in its few files.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;

// A layer sees itself and what is listed.
const std::map<std::string, std::set<std::string>> kMaySee = {
    {"engine/base", {}},
    {"engine/codec", {"engine/base"}},
    {"engine/net", {"engine/base", "engine/codec"}},
    {"engine/kafka", {"engine/base"}},
    {"engine/event", {"engine/base", "engine/codec"}},
    {"engine/rule", {"engine/base", "engine/event"}},
    {"engine/match", {"engine/base", "engine/event", "engine/rule"}},
    {"engine/state", {"engine/base", "engine/event", "engine/rule", "engine/match"}},
    {"engine/alert", {"engine/base", "engine/event", "engine/rule", "engine/match", "engine/state"}},
    {"engine/run",
     {"engine/base", "engine/codec", "engine/event", "engine/rule", "engine/match", "engine/state", "engine/alert"}},
    {"inputs", {"engine/base", "engine/codec", "engine/net", "engine/kafka", "engine/event", "engine/run"}},
    {"outputs",
     {"engine/base", "engine/codec", "engine/net", "engine/kafka", "engine/event", "engine/state", "engine/alert",
      "engine/run"}},
    {"engine/app",
     {"engine/base", "engine/codec", "engine/net", "engine/kafka", "engine/event", "engine/rule", "engine/match",
      "engine/state", "engine/alert", "engine/run", "inputs", "outputs"}},
};

struct ThirdParty {
  std::string pattern;             // of the header name
  std::vector<std::string> where;  // prefixes of the files that may include it
};
const std::vector<ThirdParty> kThirdParty = {
    {"simdjson.*", {"engine/event/event_reader.cpp"}},
    {"re2/.*", {"engine/rule/regex"}},
    {"yaml[.]h", {"engine/rule/yaml_events"}},
    {"zstd.*|isa-l.*|igzip.*", {"engine/codec/"}},
    {"openssl/.*", {"engine/base/hash", "engine/codec/", "engine/net/"}},
    {"boost/(asio|beast)[/.].*", {"engine/net/"}},
    {"librdkafka/.*", {"engine/kafka/rdkafka_"}},
    {"prometheus/.*", {"engine/base/metrics.cpp"}},
    {"CLI/.*", {"engine/app/"}},
    {"tl/expected.*", {"engine/base/result.h"}},
    {"boost/unordered/.*", {"engine/"}},
};

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::vector<std::pair<std::string, std::string>> includes_under(const fs::path& root) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s+["<]([^">]+)[">])re");
  std::vector<std::pair<std::string, std::string>> found;
  for (const char* top : {"engine", "inputs", "outputs"}) {
    if (!fs::exists(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        std::smatch m;
        if (std::regex_search(line, m, kInclude)) {
          found.emplace_back(fs::relative(entry.path(), root).generic_string(), m[1].str());
        }
      }
    }
  }
  return found;
}

TEST(Layering, NoFileIncludesAHigherLayer) {
  const auto all = includes_under(test::source_file(""));
  ASSERT_GT(all.size(), 50u);
  for (const auto& [file, header] : all) {
    const std::string target = header.find('/') == std::string::npos ? "" : folder_of(header);
    if (!kMaySee.contains(target)) continue;
    const std::string layer = folder_of(file);
    ASSERT_TRUE(kMaySee.contains(layer)) << file << ": a folder that no layer knows";
    EXPECT_TRUE(layer == target || kMaySee.at(layer).contains(target)) << file << " must not include " << header;
  }
}

TEST(Layering, ThirdPartyHeadersStayInOnePlace) {
  for (const auto& [file, header] : includes_under(test::source_file(""))) {
    for (const ThirdParty& library : kThirdParty) {
      if (!std::regex_match(header, std::regex(library.pattern))) continue;
      bool allowed = false;
      for (const std::string& prefix : library.where) allowed |= file.starts_with(prefix);
      EXPECT_TRUE(allowed) << file << " must not include " << header;
    }
  }
}

TEST(Structure, FilesStayShort) {
  for (const char* top : {"engine", "inputs", "outputs", "bench", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(test::source_file(top)))) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      std::ifstream in(entry.path());
      size_t lines = 0;
      for (std::string line; std::getline(in, line);) ++lines;
      EXPECT_LE(lines, 400u) << entry.path() << ": one idea a file";
    }
  }
}

TEST(Structure, EveryFolderHasAReadme) {
  for (const auto& [layer, unused] : kMaySee) {
    const fs::path folder = fs::path(test::source_file(layer));
    if (fs::exists(folder)) {
      EXPECT_TRUE(fs::exists(folder / "README.md")) << folder;
    }
  }
}

}  // namespace
}  // namespace kubevigil
