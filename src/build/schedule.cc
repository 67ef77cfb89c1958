// SPDX-License-Identifier: Apache-2.0
#include "build/schedule.h"

#include <algorithm>
#include <exception>
#include <thread>

#include "build/stage_builder.h"

namespace stack::build {
namespace {

class Schedule {
 public:
  explicit Schedule(BuildJob& job) : job_(job), left_(job.graph.order.size()) {}

  void run() {
    std::vector<std::jthread> threads;
    {
      const Turns::Turn turn(job_.turns);
      threads.reserve(left_);
      try {
        for (const int number : job_.graph.order)
          threads.emplace_back([this, number] { build(number); });
      } catch (...) {  // no more threads: those that there are wait for nobody else
        failure_ = std::current_exception();
        job_.turns.cancel();
        left_ = threads.size();
      }
    }
    threads.clear();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const Stage& stage(int number) const {
    return job_.graph.stages[static_cast<std::size_t>(number)];
  }

  bool can_begin(int number) const {
    return job_.turns.cancelled() || std::ranges::all_of(stage(number).needs, [&](int needed) {
             return job_.done.contains(needed);
           });
  }

  void build(int number) {
    Turns::Turn turn(job_.turns);
    job_.turns.await(turn, [&] { return can_begin(number); });
    try {
      if (!job_.turns.cancelled()) job_.done[number] = build_stage(job_, stage(number));
    } catch (...) {
      if (!failure_) failure_ = std::current_exception();
      job_.turns.cancel();
      job_.guard.end_all();
    }
    --left_;
    job_.turns.change();
    // A thread that ends allocates and frees; nobody clones a process any more when all end.
    job_.turns.await(turn, [&] { return left_ == 0; });
  }

  BuildJob& job_;
  std::size_t left_;
  std::exception_ptr failure_;
};

}  // namespace

void build_stages(BuildJob& job) {
  Schedule(job).run();
}

}  // namespace stack::build
