// SPDX-License-Identifier: Apache-2.0
// deploy.update_config: some containers of a service at a time.
#include "orchestrator/rolling.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/execute.h"
#include "world.h"

namespace stack::orchestrator {
namespace {

using namespace testing;
using std::chrono::seconds;

spec::Project three_webs(spec::UpdateConfig update, spec::UpdateOrder order) {
  spec::Service web = service("web");
  web.scale = 3;
  update.order = order;
  web.update_config = update;
  return project({web});
}

spec::Project changed(spec::Project shop) {
  for (auto& [name, each] : shop.services) each.environment["TUNE"] = "1";
  return shop;
}

std::set<std::string> names_of(const spec::Project& project) {
  std::set<std::string> names;
  for (const auto& [name, service] : project.services) names.insert(name);
  return names;
}

/// A change of all services of a stack that runs.
struct Change {
  explicit Change(const spec::Project& shop)
      : before(come_true(desired(shop))),
        wish(desired(changed(shop))),
        plan(plan_up(wish, before, diff(wish, before, names_of(shop)))) {}

  StepId step_of(const std::string& text) const {
    for (StepId id = 0; id < plan.steps.size(); ++id)
      if (to_text(plan.steps[id].action) == text) return id;
    ADD_FAILURE() << "no step \"" << text << "\" in\n" << to_text(plan);
    return 0;
  }

  /// The numbers of the containers that are new when the steps of these texts have failed.
  std::set<int> new_ones_after(const std::set<std::string>& failures) {
    World engine(wish, before);
    for (const auto& text : failures) engine.failing.insert(step_of(text));
    Report silent;
    const bool succeeded = execute(plan, engine, silent, [] { return false; }).succeeded();
    EXPECT_EQ(succeeded, failures.empty());
    std::set<int> numbers;
    for (const auto& [name, container] : engine.observe().containers) {
      EXPECT_EQ(container.status.phase, supervisor::Phase::running) << name;
      if (container.config.applied != before.containers.at(name).config.applied)
        numbers.insert(container.config.number);
    }
    return numbers;
  }

  ObservedState before;
  DesiredState wish;
  Plan plan;
};

/// The steps whose order is what this is about, without their reasons.
std::string order_of(const Plan& plan) {
  std::string text;
  for (StepId id = 0; id < plan.steps.size(); ++id) {
    const Step& step = plan.steps[id];
    if (!step.rescues.empty()) continue;
    text += fmt::format("#{} {}", id, to_text(step.action));
    if (!step.after.empty()) text += fmt::format(" after #{}", fmt::join(step.after, " #"));
    if (!step.follows.empty()) text += fmt::format(" following #{}", fmt::join(step.follows, " #"));
    text += '\n';
  }
  return text;
}

TEST(Rolling, OneAtATimeWithTimeBetween) {
  const Change change(three_webs({.delay = seconds(10)}, spec::UpdateOrder::stop_first));
  EXPECT_EQ("\n" + order_of(change.plan), R"(
#0 set aside container shop-web-1
#1 create container shop-web-1 after #0
#2 stop container e4891136974f_shop-web-1 after #1
#3 start container shop-web-1 after #1 #2
#4 await shop-web-1 settled after #3
#5 go on with service web after 10s following #4
#6 set aside container shop-web-2 after #5
#7 create container shop-web-2 after #6
#8 stop container e4891036974f_shop-web-2 after #7
#9 start container shop-web-2 after #7 #8
#10 await shop-web-2 settled after #9
#11 go on with service web after 10s following #4 #10
#12 set aside container shop-web-3 after #11
#13 create container shop-web-3 after #12
#14 stop container e4890f36974f_shop-web-3 after #13
#15 start container shop-web-3 after #13 #14
#16 await shop-web-3 settled after #15
#17 remove container e4891136974f_shop-web-1 after #1 #2 #4
#18 remove container e4891036974f_shop-web-2 after #7 #8 #10
#19 remove container e4890f36974f_shop-web-3 after #13 #14 #16
)");
}

TEST(Rolling, StartFirstAndSeveralAtOnceAndWatched) {
  const Change change(
      three_webs({.parallelism = 2, .monitor = seconds(5)}, spec::UpdateOrder::start_first));
  EXPECT_EQ("\n" + order_of(change.plan), R"(
#0 set aside container shop-web-1
#1 set aside container shop-web-2
#2 create container shop-web-1 after #0
#3 start container shop-web-1 after #2
#4 await shop-web-1 settled for 5s after #3
#5 stop container e4891136974f_shop-web-1 after #2 #4
#6 create container shop-web-2 after #1
#7 start container shop-web-2 after #6
#8 await shop-web-2 settled for 5s after #7
#9 stop container e4891036974f_shop-web-2 after #6 #8
#10 go on with service web following #5 #9
#11 set aside container shop-web-3 after #10
#12 create container shop-web-3 after #11
#13 start container shop-web-3 after #12
#14 await shop-web-3 settled for 5s after #13
#15 remove container e4891136974f_shop-web-1 after #5
#16 remove container e4891036974f_shop-web-2 after #9
#17 stop container e4890f36974f_shop-web-3 after #12 #14
#18 remove container e4890f36974f_shop-web-3 after #17
)");
}

TEST(Rolling, AllAtOnceWhenThatIsAskedFor) {
  const Change change(three_webs({.parallelism = 0}, spec::UpdateOrder::stop_first));
  for (const Step& step : change.plan.steps)
    EXPECT_FALSE(std::holds_alternative<AwaitTurn>(step.action)) << to_text(step.action);
}

TEST(Rolling, AFailureLeavesTheRestAsItWas) {
  for (const auto order : {spec::UpdateOrder::stop_first, spec::UpdateOrder::start_first}) {
    Change change(three_webs({}, order));
    EXPECT_EQ(change.new_ones_after({}), (std::set{1, 2, 3}));
    EXPECT_EQ(change.new_ones_after({"await shop-web-2 settled"}), (std::set{1}));
    EXPECT_EQ(change.new_ones_after({"start container shop-web-1"}), std::set<int>{});
  }
}

TEST(Rolling, AFailureIsBorneWhenThatIsAskedFor) {
  for (const auto order : {spec::UpdateOrder::stop_first, spec::UpdateOrder::start_first}) {
    Change going_on(three_webs({.failure_action = spec::FailureAction::go_on}, order));
    EXPECT_EQ(going_on.new_ones_after({"await shop-web-2 settled"}), (std::set{1, 3}));
    Change bearing(three_webs({.max_failure_ratio = 0.4}, order));
    EXPECT_EQ(bearing.new_ones_after({"await shop-web-1 settled"}), (std::set{2, 3}));
    EXPECT_EQ(bearing.new_ones_after({"await shop-web-1 settled", "await shop-web-2 settled"}),
              std::set<int>{});
  }
}

TEST(Rolling, AFailureBringsAllBackWhenThatIsAskedFor) {
  for (const auto order : {spec::UpdateOrder::stop_first, spec::UpdateOrder::start_first}) {
    Change change(three_webs({.failure_action = spec::FailureAction::rollback}, order));
    EXPECT_EQ(change.new_ones_after({}), (std::set{1, 2, 3}));
    for (const char* failure : {"await shop-web-1 settled", "await shop-web-2 settled",
                                "start container shop-web-3", "await shop-web-3 settled"})
      EXPECT_EQ(change.new_ones_after({failure}), std::set<int>{}) << failure;
  }
}

/// What it depends on cannot stop before all of it has.
TEST(Rolling, IsNotPossibleWhenADependencyIsReplacedToo) {
  auto shop = three_webs({}, spec::UpdateOrder::stop_first);
  spec::Service db = service("db");
  db.update_config = spec::UpdateConfig{.order = spec::UpdateOrder::stop_first};
  shop.services["web"].depends_on["db"] = {};
  spec::Project both = project({db, shop.services["web"]});
  Change change(both);
  EXPECT_EQ(change.new_ones_after({}), (std::set{1, 2, 3}));
  for (const Step& step : change.plan.steps)
    EXPECT_FALSE(std::holds_alternative<AwaitTurn>(step.action)) << to_text(change.plan);
}

}  // namespace
}  // namespace stack::orchestrator
