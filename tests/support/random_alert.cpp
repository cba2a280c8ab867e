#include "tests/support/random_alert.h"

#include <random>

#include "engine/alert/attack.h"

namespace kubevigil::test {
namespace {

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}

  size_t below(size_t n) { return random_() % n; }
  bool chance(size_t percent) { return below(100) < percent; }

  std::string text() {
    const std::vector<std::string>& all = hostile_texts();
    std::string out = all[below(all.size())];
    if (chance(30)) out += all[below(all.size())];
    if (chance(10)) out = std::string(below(3000), "a<&|=\\`\"]\n\xFF"[below(11)]) + out;
    return out;
  }
  std::string plain(std::initializer_list<const char*> choices) {
    if (chance(15)) return text();
    return *(choices.begin() + below(choices.size()));
  }
  std::vector<std::string> texts(size_t most) {
    std::vector<std::string> out(below(most + 1));
    for (std::string& t : out) t = text();
    return out;
  }

 private:
  std::mt19937_64 random_;
};

void fill_request(Draw& draw, Alert& a) {
  a.actor = {draw.plain({"alice", "", "system:serviceaccount:a:b"}),
             draw.plain({"", "uid-1"}),
             draw.plain({"", "", "bob"}),
             draw.texts(60),
             draw.plain({"", "ns"}),
             draw.plain({"", "sa"}),
             draw.plain({"", "web-0"}),
             draw.plain({"", "pod-uid"}),
             draw.plain({"", "node-1"}),
             draw.plain({"", "JTI=1"})};
  a.permission = {draw.plain({"allow", "forbid", ""}), draw.text(), draw.plain({"", "ClusterRoleBinding/x"}),
                  draw.plain({"", "ClusterRole/y"})};
  a.source = {draw.texts(6), draw.plain({"203.0.113.7", "2001:db8::7", "", "not an address"}), draw.text()};
  if (draw.chance(50)) a.source.ips.emplace_back("10.0.0.1");
  a.target = {draw.plain({"", "apps"}),  draw.plain({"pods", "secrets", "", "clusterroles"}),
              draw.plain({"", "exec"}),  draw.plain({"", "prod", "kube-system"}),
              draw.plain({"", "web-0"}), draw.plain({"", "uid-2"})};
  a.request = {draw.plain({"get", "create", ""}),     draw.plain({"/api/v1/pods?limit=1", "", "/x"}),
               draw.plain({"", "audit-1"}),           draw.plain({"ResponseComplete", ""}),
               static_cast<int>(draw.below(6)) * 100, draw.chance(10)};
}

}  // namespace

const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> kTexts = {
      "",
      "plain",
      "<!channel> <@U024BE7LH> <http://evil.example|your bank>",
      "@here @EVERYONE [click](http://evil.example) ![x](http://evil.example)",
      "`code` *bold* _it_ ~s~ ```fence```",
      "a|b\\|c=d\\=e\\",
      "cs1=injected cs1Label=namespace\ncs2=x\r\nCEF:0|a|b|c|d|e|10|",
      "\"quoted\" ] [x@1 y=\"z\"] \\",
      "\x1b]0;owned\x07\x1b[2J\b\x7f",
      "\xE2\x80\xAE"
      "drow\xE2\x81\xA6 \xEF\xBB\xBF",
      "\xFF\xFE\xC0\xAF bad bytes \xED\xA0\x80",
      "&amp; & &lt; &#60; &",
      "<script>alert(1)</script>",
      "=HYPERLINK(\"http://evil\")",
      "line\nline\rline\ttab"
      "\xC2\x85"
      "\xE2\x80\xA8",
      "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E \xF0\x9F\x92\xA3",
      std::string("nul\0byte", 8),
      std::string(1500, '<'),
      std::string(1024, '\x01'),
      "{{ .Labels }} {{ template \"x\" }} ${env}",
      "192.0.2.1",
      "entry",
  };
  return kTexts;
}

Alert hostile_alert(size_t which) {
  const std::vector<std::string>& all = hostile_texts();
  const auto text = [&](size_t i) { return all[(which + i) % all.size()]; };
  Alert a;
  a.id = "0190f8f0-0000-8000-8000-000000000001";
  a.dedup_key = "d0";
  a.time = a.first_seen = a.last_seen = *parse_rfc3339("2026-01-02T03:04:05.123456Z");
  a.count = 3;
  a.rule_id = "11111111-2222-3333-4444-555555555555";
  a.rule_name = "pod_exec";
  a.rule_title = text(0);
  a.level = Level::High;
  a.message = text(1);
  a.attack = {{"TA0006", "Credential Access", "T1552.007", "Unsecured Credentials: Container API"}};
  a.cluster = text(2);
  a.group = {{"user.username", text(3)}};
  a.values = {text(4), text(5)};
  a.actor = {text(6), text(7), text(8), {text(9), text(10)}, "ns", "sa", text(11), text(12), text(13), text(14)};
  a.permission = {"allow", text(15), text(16), text(17)};
  a.source = {{text(18), "10.0.0.1"}, text(19), text(20)};
  a.target = {"", "pods", text(21), text(22), text(23), text(24)};
  a.request = {text(25), text(26), text(27), text(28), 201, false};
  a.why = {{text(29), "f", {text(30)}}};
  a.events = {{text(31), text(32), a.time, 1, 2}};
  a.chain = {text(38), {text(39)}, {{text(40), text(41), text(42), a.time, text(43)}}, {}};
  a.chain.hits = {{text(44), Level::Low, Stage::Entry, text(45), a.time, text(46)}};
  a.missing = {text(33)};
  a.next_steps = {text(34), text(35), text(36)};
  a.references = {text(37)};
  return a;
}

Alert random_alert(uint64_t seed) {
  Draw draw(seed);
  Alert a;
  a.id = "0190f8f0-0000-8000-8000-" + std::to_string(100'000'000'000 + seed);
  a.dedup_key = draw.plain({"d1", "d2"});
  a.revision = static_cast<uint32_t>(1 + draw.below(9));
  a.status = static_cast<EpisodeStatus>(draw.below(4));
  a.time = {1'767'312'000'000'000 + static_cast<int64_t>(draw.below(1'000'000'000))};
  a.first_seen = a.time - Duration::seconds(static_cast<int64_t>(draw.below(600)));
  a.last_seen = a.time + Duration::seconds(static_cast<int64_t>(draw.below(7200)));
  a.count = draw.below(1000);
  a.measure = static_cast<double>(draw.below(5));
  a.rule_id = draw.plain({"11111111-2222-3333-4444-555555555555", ""});
  a.rule_name = draw.plain({"pod_exec", "attack_chain", ""});
  a.rule_title = draw.plain({"Exec into a pod", ""});
  a.rule_hash = draw.plain({"5ca11123bf288fb4", ""});
  a.level = static_cast<Level>(draw.below(kLevelNames.size()));
  a.stage = static_cast<Stage>(draw.below(kStageNames.size()));
  a.risk = static_cast<int>(draw.below(101));
  a.message = draw.text();
  for (size_t n = draw.below(4); n > 0; --n) {
    const AttackTechnique& t = attack_techniques()[draw.below(attack_techniques().size())];
    const AttackTactic& tactic = attack_tactics()[draw.below(attack_tactics().size())];
    const bool alone = draw.chance(20);
    a.attack.push_back({std::string(tactic.id), std::string(tactic.name), alone ? "" : std::string(t.id),
                        alone ? "" : std::string(t.name)});
  }
  a.cluster = draw.plain({"prod", ""});
  for (size_t n = draw.below(4); n > 0; --n) a.group.emplace_back("user.username", draw.text());
  a.values =
      draw.chance(10) ? std::vector<std::string>{"entry", "collect", "probe", "spread", "effect"} : draw.texts(40);
  fill_request(draw, a);
  for (size_t n = draw.below(11); n > 0; --n) a.events.push_back({draw.plain({"audit-1", ""}), "f.log", a.time, 1, 2});
  a.missing = draw.texts(3);
  a.next_steps = draw.texts(6);
  a.references = draw.texts(3);
  a.audit_level = draw.plain({"Metadata", "Request"});
  return a;
}

}  // namespace kubevigil::test
