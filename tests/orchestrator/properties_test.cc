// SPDX-License-Identifier: Apache-2.0
// What holds for every stack and every world: a plan that was carried out, to its end or cut off
// anywhere, leads to where nothing is left to do.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "builders.h"
#include "orchestrator/execute.h"
#include "world.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

spec::UpdateConfig any_update() {
  using Action = spec::FailureAction;
  using Order = spec::UpdateOrder;
  return {.parallelism = *rc::gen::inRange(0, 3),
          .failure_action = *rc::gen::element(Action::pause, Action::go_on, Action::rollback),
          .monitor = std::chrono::seconds(*rc::gen::inRange(0, 2)),
          .max_failure_ratio = *rc::gen::element(0.0, 0.5),
          .order = *rc::gen::element(Order::unset, Order::stop_first, Order::start_first)};
}

/// Up to five services; each depends only on later letters, so there are no cycles.
spec::Project any_project() {
  const int count = *rc::gen::inRange(1, 6);
  std::vector<spec::Service> services;
  for (int index = 0; index < count; ++index) {
    spec::Service each = service(std::string(1, static_cast<char>('a' + index)));
    each.environment["X"] = *rc::gen::element<std::string>("1", "2");
    each.scale = *rc::gen::inRange(1, 4);
    if (each.scale == 1)
      each.container_name =
          *rc::gen::element<std::string>("", "one-" + each.name, "other-" + each.name);
    if (*rc::gen::arbitrary<bool>()) each.update_config = any_update();
    for (int step = *rc::gen::inRange(0, 3); step > 0; --step)
      each.pre_start.push_back({.run = {.command = {"prepare"},
                                        .user = {},
                                        .privileged = false,
                                        .working_dir = {},
                                        .environment = {}},
                                .image = {},
                                .per_replica = *rc::gen::arbitrary<bool>()});
    if (*rc::gen::arbitrary<bool>()) each.healthcheck.emplace().test = {"CMD", "true"};
    for (int other = index + 1; other < count; ++other) {
      if (!*rc::gen::arbitrary<bool>()) continue;
      auto& how = each.depends_on[std::string(1, static_cast<char>('a' + other))];
      how.condition =
          *rc::gen::element(spec::Condition::service_started, spec::Condition::service_healthy);
      how.restart = *rc::gen::arbitrary<bool>();
    }
    services.push_back(std::move(each));
  }
  spec::Project made = project(services);
  made.networks["default"].internal = *rc::gen::arbitrary<bool>();
  return made;
}

Plan plan_for(const spec::Project& project, const DesiredState& wish, const ObservedState& world) {
  Changes changes = all_changes(project, wish, world);
  remove_orphans(changes);
  return plan_up(wish, world, changes, *rc::gen::element(Atomicity::each, Atomicity::all));
}

ObservedState some_world(const spec::Project& before) {
  return *rc::gen::arbitrary<bool>() ? come_true(desired(before)) : ObservedState{};
}

TEST(Properties, ExecutedPlansLeaveNothingToDo) {
  EXPECT_TRUE(rc::check([] {
    const ObservedState world = some_world(any_project());
    const auto shop = any_project();
    const DesiredState wish = desired(shop);
    World engine(wish, world);
    Report silent;
    RC_ASSERT(
        execute(plan_for(shop, wish, world), engine, silent, [] { return false; }).succeeded());
    RC_ASSERT(to_text(plan_for(shop, wish, engine.observe())) == "");
  }));
}

TEST(Properties, APlanCutOffAnywhereIsFinishedByTheNextOne) {
  EXPECT_TRUE(rc::check([] {
    const auto before = any_project();
    const ObservedState world = some_world(before);
    const auto shop = any_project();
    const DesiredState wish = desired(shop);
    World engine(wish, world);
    Report silent;
    const Plan first = plan_for(shop, wish, world);
    const auto cut =
        static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(first.steps.size()) + 1));
    execute(first, engine, silent, [&] { return engine.performed.size() >= cut; });
    engine.forget_unfinished();
    const ObservedState middle = engine.observe();
    const auto next = *rc::gen::element(shop, before);  // or it is taken back
    const DesiredState next_wish = desired(next);
    World later(next_wish, middle);
    RC_ASSERT(execute(plan_for(next, next_wish, middle), later, silent, [] {
                return false;
              }).succeeded());
    RC_ASSERT(to_text(plan_for(next, next_wish, later.observe())) == "");
  }));
}

bool stops(const Step& step, const std::string& name) {
  const auto* stop = std::get_if<StopContainer>(&step.action);
  return stop != nullptr && stop->name == name;
}

TEST(Properties, WhatDidNotChangeIsNeverStopped) {
  EXPECT_TRUE(rc::check([] {
    const ObservedState world = come_true(desired(any_project()));
    const auto shop = any_project();
    const DesiredState wish = desired(shop);
    const Changes changes = all_changes(shop, wish, world);
    const Plan plan = plan_up(wish, world, changes);
    for (const auto& [name, change] : changes.containers) {
      if (change.verdict != Verdict::keep || !wish.containers.contains(name)) continue;
      const auto& links = wish.containers.at(name).model.depends_on;
      const bool linked =
          std::ranges::any_of(links, [](const auto& link) { return link.second.restart; });
      if (linked) continue;  // it is restarted with what it depends on
      for (const Step& step : plan.steps) RC_ASSERT(!stops(step, name));
    }
  }));
}

/// The containers that run, by name, with what they were made from.
std::map<std::string, std::string> running(const ObservedState& world) {
  std::map<std::string, std::string> found;
  for (const auto& [name, container] : world.containers)
    if (container.status.phase == supervisor::Phase::running)
      found[name] = container.config.applied;
  return found;
}

/// With what makes containers anew, under another name or with less of them, and networks too.
spec::Project changed(spec::Project project) {
  for (auto& [name, service] : project.services) {
    service.environment["X"] = *rc::gen::element<std::string>("1", "2");
    service.scale = *rc::gen::inRange(1, 4);
    service.container_name =
        service.scale == 1 ? *rc::gen::element<std::string>("", "one-" + name) : "";
  }
  project.networks["default"].internal = *rc::gen::arbitrary<bool>();
  return project;
}

TEST(Properties, AnythingThatFailsBringsBackEverythingWhenAllDependOnIt) {
  EXPECT_TRUE(rc::check([] {
    const auto before = any_project();
    const ObservedState world = come_true(desired(before));
    const auto after = changed(before);
    const DesiredState wish = desired(after);
    Changes changes = all_changes(after, wish, world);
    remove_orphans(changes);
    const Plan plan = plan_up(wish, world, changes, Atomicity::all);
    std::vector<StepId> decisive;
    for (StepId id = 0; id < plan.steps.size(); ++id)
      if (std::holds_alternative<AwaitSettled>(plan.steps[id].action)) decisive.push_back(id);
    if (decisive.empty()) return;
    World engine(wish, world);
    engine.failing = {*rc::gen::elementOf(decisive)};
    Report silent;
    RC_ASSERT(!execute(plan, engine, silent, [] { return false; }).succeeded());
    RC_ASSERT(running(engine.observe()) == running(world));
  }));
}

TEST(Properties, DownLeavesNoContainerAndNoNetwork) {
  EXPECT_TRUE(rc::check([] {
    const auto shop = any_project();
    const DesiredState wish = desired(shop);
    World engine(wish, come_true(wish));
    Report silent;
    DownPolicy policy;
    policy.project = shop.name;
    RC_ASSERT(execute(plan_down(engine.observe(), policy), engine, silent, [] {
                return false;
              }).succeeded());
    RC_ASSERT(engine.observe().containers.empty());
    RC_ASSERT(engine.observe().networks.empty());
  }));
}

TEST(Properties, EveryStepComesAfterWhatItDependsOn) {
  EXPECT_TRUE(rc::check([] {
    const auto shop = any_project();
    const DesiredState wish = desired(shop);
    const Plan plan = plan_for(shop, wish, some_world(any_project()));
    for (StepId id = 0; id < plan.steps.size(); ++id) {
      const Step& step = plan.steps[id];
      for (const auto* earlier : {&step.after, &step.follows, &step.rescues})
        for (const StepId before : *earlier) RC_ASSERT(before < id);
    }
  }));
}

}  // namespace
}  // namespace stack::orchestrator
