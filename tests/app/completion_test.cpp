// What is offered at the cursor, over a tree like the program's.
#include "engine/app/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Tree : public testing::Test {
 protected:
  Tree() : root_("", "kubevigil") {
    root_.fallthrough();
    root_.add_option("--color", text_)->check(CLI::IsMember({"auto", "always", "never"}))->type_name("WHEN");
    CLI::App* replay = root_.add_subcommand("replay");
    replay->fallthrough();
    replay->add_option("PATH", texts_)->type_name("");
    replay->add_option("-o,--output", text_)->check(CLI::IsMember({"table", "json", "jsonl"}))->type_name("FORMAT");
    replay->add_option("--stats", text_)->type_name("FILE");
    replay->add_option("--evidence", text_)->type_name("DIR");
    replay->add_option("--from", text_)->type_name("TIME");
    replay->add_flag("-q,--quiet", flag_);
    CLI::App* rules = root_.add_subcommand("rules");
    rules->fallthrough();
    CLI::App* show = rules->add_subcommand("show");
    show->fallthrough();
    show->add_option("ID", text_)->type_name("");
    show->add_option("--rules", texts_)->expected(1)->type_name("PATH");
    show->add_flag("--no-builtin", flag_);
    rules->add_subcommand("list");
    root_.add_subcommand("completion")
        ->add_option("SHELL", text_)
        ->check(CLI::IsMember({"bash", "zsh"}))
        ->type_name("");
  }

  Completion at(const std::vector<std::string>& words) {
    return complete(root_, words, [&](const RuleQuestion& question) {
      asked_ = question;
      return std::vector<Candidate>{{"pod_exec", "Exec"}, {"pod_made", "Made"}, {"secret_read", "Read"}};
    });
  }
  std::vector<std::string> words_at(const std::vector<std::string>& words) {
    std::vector<std::string> out;
    for (const Candidate& candidate : at(words).candidates) out.push_back(candidate.word);
    return out;
  }

  CLI::App root_;
  std::string text_;
  std::vector<std::string> texts_;
  bool flag_ = false;
  RuleQuestion asked_;
};

TEST_F(Tree, SubcommandsAndOptions) {
  EXPECT_THAT(words_at({""}), ElementsAre("replay", "rules", "completion"));
  EXPECT_THAT(words_at({}), ElementsAre("replay", "rules", "completion"));
  EXPECT_THAT(words_at({"r"}), ElementsAre("replay", "rules"));
  EXPECT_THAT(words_at({"--color", "never", "rules", ""}), ElementsAre("show", "list"));
  EXPECT_THAT(words_at({"replay", "--"}),
              ElementsAre("--help", "--output", "--stats", "--evidence", "--from", "--quiet", "--color"));
  EXPECT_THAT(words_at({"replay", "--o"}), ElementsAre("--output"));
  EXPECT_THAT(words_at({"replay", "-"}), testing::IsSupersetOf({"-o", "--output", "-q", "--color"}));
  EXPECT_THAT(words_at({"nonsense", "-", "--c"}), ElementsAre("--color"));
}

TEST_F(Tree, ValuesOfOptionsInEverySpelling) {
  EXPECT_THAT(words_at({"replay", "-o", ""}), ElementsAre("table", "json", "jsonl"));
  EXPECT_THAT(words_at({"replay", "x.log", "--output", "j"}), ElementsAre("json", "jsonl"));
  EXPECT_THAT(words_at({"replay", "--output=j"}), ElementsAre("--output=json", "--output=jsonl"));
  EXPECT_THAT(words_at({"replay", "--output", "="}), ElementsAre("table", "json", "jsonl")) << "as bash splits it";
  EXPECT_THAT(words_at({"replay", "--output", "=", "t"}), ElementsAre("table"));
  EXPECT_THAT(words_at({"replay", "--color", "a"}), ElementsAre("auto", "always")) << "an option of the root";
  EXPECT_THAT(words_at({"completion", ""}), ElementsAre("bash", "zsh"));
  EXPECT_THAT(words_at({"completion", "bash", ""}), IsEmpty());
  EXPECT_THAT(words_at({"replay", "--from", ""}), IsEmpty());
  EXPECT_EQ(at({"replay", "--from", ""}).also, Completion::Also::None);
}

TEST_F(Tree, FilesAndFoldersAreLeftToTheShell) {
  const std::vector<std::pair<std::vector<std::string>, Completion::Also>> table = {
      {{"replay", ""}, Completion::Also::Files},
      {{"replay", "a.log", "b"}, Completion::Also::Files},
      {{"replay", "--stats", ""}, Completion::Also::Files},
      {{"replay", "--stats=x"}, Completion::Also::Files},
      {{"replay", "--evidence", ""}, Completion::Also::Folders},
      {{"replay", "--", "--o"}, Completion::Also::Files},
      {{"replay", "-ojson", ""}, Completion::Also::Files},
      {{"rules", "show", "--rules", ""}, Completion::Also::Files},
      {{"rules", ""}, Completion::Also::None},
  };
  for (const auto& [words, also] : table) EXPECT_EQ(at(words).also, also) << testing::PrintToString(words);
}

TEST_F(Tree, NamesOfTheRulesThatTheCommandWouldRunWith) {
  EXPECT_THAT(words_at({"rules", "show", "pod_"}), ElementsAre("pod_exec", "pod_made"));
  EXPECT_THAT(asked_.paths, IsEmpty());
  EXPECT_THAT(words_at({"rules", "show", "--rules", "a", "--rules=b", "--no-builtin", "s"}),
              ElementsAre("secret_read"));
  EXPECT_THAT(asked_.paths, ElementsAre("a", "b"));
  EXPECT_TRUE(asked_.no_builtin);
  EXPECT_THAT(words_at({"rules", "show", "pod_exec", ""}), IsEmpty()) << "one id is enough";
}

TEST_F(Tree, TextEndsWithTheDirective) {
  EXPECT_EQ(to_text(at({"rules", "show", "pod_e"})), "pod_exec\tExec\n:none\n");
  EXPECT_EQ(to_text(at({"replay", ""})), ":files\n");
}

}  // namespace
}  // namespace kubevigil
