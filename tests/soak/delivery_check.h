// What a soak's file and receiver must hold, compared with what was sent.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/soak/alert_receiver.h"

namespace kubevigil::test {

struct FileAlerts {
  Revisions revisions;
  std::map<std::string, std::set<std::string>> alerts_of_object;  // ids
  std::map<std::string, int> alerts_of_rule;                      // by name
  std::map<std::string, std::string> complaints;                  // by name of a self-alert's rule: a message
  size_t bad_lines = 0;
};

void read_alert_line(std::string_view line, FileAlerts& out);
// All files of a folder: the file output's and its rotated ones.
FileAlerts read_alert_files(const std::string& folder);

// One line for each thing that is wrong; no line: each object has its alert and no other, each revision is in the file
// once and so is the first of its alert (a revision that is not sent has a number, too), the receiver has all that the
// file has, and the program complained of nothing that the soak did not do to it.
std::vector<std::string> delivery_problems(const std::set<std::string>& objects, const FileAlerts& file,
                                           const Revisions& receiver);

}  // namespace kubevigil::test
