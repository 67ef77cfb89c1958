// SPDX-License-Identifier: Apache-2.0
// Stages that do not need each other are built at once, each in a thread of its own, of which only
// one works at a time: the others wait, for a container, a lock, or their turn. What runs at once
// is what the stages run. So a build's state needs no locks, and no process is ever cloned while
// another thread is in the middle of something (malloc, say).
#pragma once

#include <condition_variable>
#include <mutex>

namespace stack::build {

class Turns {
 public:
  /// A thread's turn, as long as it lives.
  class Turn {
   public:
    explicit Turn(Turns& turns) : lock_(turns.mutex_) {}

   private:
    friend class Turns;
    std::unique_lock<std::mutex> lock_;
  };

  /// Gives the turn away until `holds`, which is looked at after each change().
  template <typename Predicate>
  void await(Turn& turn, Predicate holds) {
    changed_.wait(turn.lock_, holds);
  }
  /// What others may wait for has changed.
  void change() { changed_.notify_all(); }

  /// Others have their turn while `wait` waits for something outside. It must neither allocate
  /// memory nor touch what is shared.
  template <typename Wait>
  void away(Wait wait) {
    mutex_.unlock();
    wait();
    mutex_.lock();
  }

  /// A stage has failed: the others end as soon as they can.
  void cancel() { cancelled_ = true; }
  bool cancelled() const { return cancelled_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
};

}  // namespace stack::build
