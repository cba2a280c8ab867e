#include "outputs/late_transport.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

struct Calls {
  int opened = 0, sent = 0, cancelled = 0;
  bool ready = false;
};

class Counting : public Transport {
 public:
  explicit Counting(Calls& calls) : calls_(calls) {}
  Delivery send(const Message&) override {
    ++calls_.sent;
    return {};
  }
  void cancel() override { ++calls_.cancelled; }
  std::string position() const override { return "after " + std::to_string(calls_.sent); }

 private:
  Calls& calls_;
};

LateTransport late(Calls& calls) {
  return {[&calls]() -> Result<std::unique_ptr<Transport>> {
            ++calls.opened;
            if (!calls.ready) return fail("no token yet");
            return std::make_unique<Counting>(calls);
          },
          "before"};
}

TEST(LateTransport, IsOpenedWhenItCan) {
  Calls calls;
  LateTransport transport = late(calls);
  EXPECT_EQ(calls.opened, 0);
  for (int i = 0; i < 2; ++i) {
    const Delivery delivery = transport.send({});
    EXPECT_EQ(delivery.kind, Delivery::Kind::Retry);
    EXPECT_EQ(delivery.reason, "no token yet");
    EXPECT_EQ(transport.position(), "before");
  }
  calls.ready = true;
  EXPECT_EQ(transport.send({}).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(transport.send({}).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(calls.opened, 3);
  EXPECT_EQ(transport.position(), "after 2");
}

TEST(LateTransport, ACancellationReachesWhatIsOpenedLater) {
  Calls calls;
  LateTransport transport = late(calls);
  transport.cancel();
  calls.ready = true;
  transport.send({});
  EXPECT_EQ(calls.cancelled, 1);
  transport.cancel();
  EXPECT_EQ(calls.cancelled, 2);
}

}  // namespace
}  // namespace kubevigil
