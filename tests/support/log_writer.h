// LogWriter: writes, rotates, compresses, cuts and deletes an audit log in a folder of its own, as API servers and
// logrotate do. Rotated names carry times that only count up, or numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil {
struct TailBatch;
}

namespace kubevigil::test {

// A native event with its line feed; all have the same length for n below a million.
std::string event_line(int n);
// What a batch holds: "17 cut-off gap:truncated@4711 ".
std::string words(const TailBatch& batch);

class LogWriter {
 public:
  enum class Names : uint8_t { Times, Numbers };

  explicit LogWriter(Names names = Names::Times);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  const std::string& folder() const { return folder_; }
  std::string path() const { return folder_ + "/audit.log"; }
  void append(std::string_view bytes);
  void rotate();
  void append_to_rotated(std::string_view bytes);  // to the newest one
  bool compress();                                 // the oldest that is plain; false: there is none
  void truncate(bool copy);                        // `copy`: it stands as the newest rotated file first
  void truncate_under_writer();                    // who writes goes on at its old offset
  bool remove_oldest();
  void write_beside(std::string_view suffix, std::string_view bytes);   // of the newest rotated file
  void damage_compressed();                                             // the oldest, cut in half
  const std::vector<std::string>& rotated() const { return rotated_; }  // oldest first

 private:
  std::string new_name();

  Names names_;
  std::string folder_;
  std::vector<std::string> rotated_;  // paths
  uint64_t made_ = 0;
  uint64_t at_ = 0;  // of the writer
};

}  // namespace kubevigil::test
