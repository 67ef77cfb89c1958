// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "cli/progress_board.h"
#include "cli/progress_view.h"
#include "cli/style.h"

namespace stack::cli {
namespace {

using namespace orchestrator;
using Clock = std::chrono::steady_clock;

/// Where progress goes. A screen that is gone is no reason to leave a plan half done.
struct Screen {
  int fd = STDERR_FILENO;
  void print(const std::string& text) const {
    try {
      write_all(fd, text);
    } catch (const Error&) {
    }
  }
};

/// Nobody looks; only ticks are passed on.
class QuietProgress : public Report {
 public:
  explicit QuietProgress(std::function<void()> on_tick) : on_tick_(std::move(on_tick)) {}
  void tick() override {
    if (on_tick_) on_tick_();
  }

 private:
  std::function<void()> on_tick_;
};

/// docker compose's plain lines: " Container shop-db-1  Started".
class PlainProgress : public QuietProgress {
 public:
  PlainProgress(std::function<void()> on_tick, Screen screen)
      : QuietProgress(std::move(on_tick)), screen_(screen) {}

  void step_begins(StepId, const Step& step) override {
    screen_.print(fmt::format(" {}  {}\n", subject(step.action), words_of(step).doing));
  }
  void step_notes(StepId, const Step& step, const std::string& text) override {
    screen_.print(fmt::format(" {}  {}\n", subject(step.action), text));
  }
  void step_ends(StepId, const Step& step, StepResult result, const std::string& text) override {
    const std::string shown = text.empty() ? "" : " (" + text + ")";
    if (result == StepResult::done) {
      screen_.print(fmt::format(" {}  {}{}\n", subject(step.action), words_of(step).done, shown));
    } else if (result == StepResult::failed) {
      screen_.print(fmt::format(" {}  Error{}\n", subject(step.action), shown));
    } else if (skipped_.insert(subject(step.action)).second) {
      screen_.print(fmt::format(" {}  Skipped\n", subject(step.action)));
    }
  }

 private:
  Screen screen_;
  std::set<std::string> skipped_;  ///< said once for all the steps of one object
};

/// An object a line, with docker compose's fields; `text` where there is more to say.
class JsonProgress : public QuietProgress {
 public:
  JsonProgress(std::function<void()> on_tick, Screen screen)
      : QuietProgress(std::move(on_tick)), screen_(screen) {}

  void step_begins(StepId, const Step& step) override { tell(step, words_of(step).doing, ""); }
  void step_notes(StepId, const Step& step, const std::string& text) override {
    tell(step, words_of(step).doing, text);
  }
  void step_ends(StepId, const Step& step, StepResult result, const std::string& text) override {
    if (result == StepResult::done) {
      tell(step, words_of(step).done, text);
    } else if (result == StepResult::failed) {
      tell(step, "Error", text);
    } else {
      tell(step, "Skipped", text);
    }
  }

 private:
  void tell(const Step& step, std::string_view status, const std::string& text) {
    nlohmann::ordered_json line{{"id", subject(step.action)}, {"status", status}};
    if (!text.empty()) line["text"] = text;
    screen_.print(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }

  Screen screen_;
};

/// A row per object, written over in place.
class LiveProgress : public QuietProgress {
 public:
  LiveProgress(std::function<void()> on_tick, Screen screen, bool colour)
      : QuietProgress(std::move(on_tick)), screen_(screen), colour_(colour) {}

  void plan_begins(const Plan& plan) override {
    area_ = {};
    board_.plan_begins(plan, Clock::now());
    draw();
  }
  void step_begins(StepId id, const Step&) override {
    board_.step_begins(id, Clock::now());
    draw_in_time();
  }
  void step_notes(StepId id, const Step&, const std::string& text) override {
    board_.step_notes(id, text);
    draw_in_time();
  }
  void step_ends(StepId id, const Step&, StepResult result, const std::string& text) override {
    board_.step_ends(id, result, text, Clock::now());
    draw_in_time();
  }
  void tick() override {
    QuietProgress::tick();
    draw();
  }
  void plan_ends() override {
    board_.plan_ends(Clock::now());
    draw();
  }

 private:
  /// No more often than an eye sees; a tick shows what came after that.
  void draw_in_time() {
    constexpr std::chrono::milliseconds between_drawings{40};
    if (Clock::now() - drawn_ >= between_drawings) draw();
  }

  void draw() {
    constexpr std::chrono::milliseconds frame_length{100};
    drawn_ = Clock::now();
    const auto rows = board_.rows(drawn_);
    if (rows.empty()) return;
    const ProgressLook look{screen_size(screen_.fd), colour_,
                            static_cast<std::size_t>((drawn_ - began_) / frame_length)};
    screen_.print(area_.redraw(progress_lines(rows, look), look.screen));
  }

  Screen screen_;
  bool colour_;
  ProgressBoard board_;
  LiveArea area_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point drawn_{};
};

}  // namespace

std::unique_ptr<Report> make_progress(const Options& options, std::function<void()> on_tick) {
  const Screen screen{options.progress_on_stdout ? STDOUT_FILENO : STDERR_FILENO};
  // What is not done has no progress.
  if (options.progress == "quiet" || options.dry_run)
    return std::make_unique<QuietProgress>(std::move(on_tick));
  if (options.progress == "json") return std::make_unique<JsonProgress>(std::move(on_tick), screen);
  if (shows_live_progress(screen.fd, options))
    return std::make_unique<LiveProgress>(std::move(on_tick), screen,
                                          shows_colour(screen.fd, options));
  return std::make_unique<PlainProgress>(std::move(on_tick), screen);
}

}  // namespace stack::cli
