#include "engine/app/log_events.h"

#include "engine/app/open_files.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

class CountBad : public EventSink {
 public:
  explicit CountBad(EventSink& next) : next_(next) {}
  void event(const Event& event) override { next_.event(event); }
  void bad(BadRecord record) override {
    ++count;
    next_.bad(std::move(record));
  }
  size_t count = 0;

 private:
  EventSink& next_;
};

}  // namespace

size_t read_events(const std::vector<std::string>& paths, EventSink& sink, Context& context) {
  auto opened = open_files(paths, {});
  for (const std::string& problem : opened.problems) context.fail(kExitInput, printable(problem));
  CountBad counting(sink);
  RecordReader reader;
  Batch batch;
  for (const auto& input : opened.inputs) {
    for (batch = {}; input->next(batch); batch = {}) {
      counting.count += batch.bad.size();
      for (const Record& record : batch.records) reader.read(batch, record, Timestamp{}, counting);
    }
    for (const InputFile& file : input->files()) {
      if (!file.problem.empty()) context.fail(kExitInput, printable(file.path + ": " + file.problem));
    }
  }
  return counting.count;
}

}  // namespace kubevigil
