// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/style.h"

namespace stack::cli {
namespace {

using namespace orchestrator;
using Clock = std::chrono::steady_clock;

struct Verbs {
  const char* doing;
  const char* done;
};

Verbs verbs(const Action& action) {
  if (std::holds_alternative<StartContainer>(action)) return {"Starting", "Started"};
  if (std::holds_alternative<StopContainer>(action)) return {"Stopping", "Stopped"};
  if (std::holds_alternative<UpdateContainer>(action)) return {"Updating", "Updated"};
  if (std::holds_alternative<PauseContainer>(action)) return {"Pausing", "Paused"};
  if (std::holds_alternative<UnpauseContainer>(action)) return {"Unpausing", "Unpaused"};
  if (const auto* signal = std::get_if<SignalContainer>(&action)) {
    return signal->signal == SIGKILL ? Verbs{"Killing", "Killed"}
                                     : Verbs{"Signalling", "Signalled"};
  }
  if (std::holds_alternative<SetContainerAside>(action)) return {"Setting aside", "Set aside"};
  if (std::holds_alternative<BringContainerBack>(action)) return {"Bringing back", "Brought back"};
  if (std::holds_alternative<AwaitSettled>(action)) return {"Watching", "Running"};
  if (std::holds_alternative<AwaitTurn>(action)) return {"Waiting", "Going on"};
  if (const auto* wait = std::get_if<AwaitCondition>(&action)) {
    if (wait->condition == spec::Condition::service_started) return {"Waiting", "Running"};
    const bool healthy = wait->condition == spec::Condition::service_healthy;
    return {"Waiting", healthy ? "Healthy" : "Completed"};
  }
  const bool creates = std::holds_alternative<CreateNetwork>(action) ||
                       std::holds_alternative<CreateVolume>(action) ||
                       std::holds_alternative<CreateContainer>(action);
  return creates ? Verbs{"Creating", "Created"} : Verbs{"Removing", "Removed"};
}

/// Started again in a rescue, a container has its place back: not what the plan wanted of it.
Verbs verbs(const Step& step) {
  const bool is_rescue = !step.rescues.empty();
  if (is_rescue && std::holds_alternative<StartContainer>(step.action))
    return {"Bringing back", "Brought back"};
  return verbs(step.action);
}

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

std::string seconds_text(Clock::duration duration) {
  return fmt::format("{:.1f}s", std::chrono::duration<double>(duration).count());
}

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
    screen_.print(fmt::format(" {}  {}\n", subject(step.action), verbs(step).doing));
  }
  void step_ends(StepId, const Step& step, StepResult result, const std::string& text) override {
    const std::string shown = text.empty() ? "" : " (" + text + ")";
    if (result == StepResult::done) {
      screen_.print(fmt::format(" {}  {}{}\n", subject(step.action), verbs(step).done, shown));
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

/// An object a line, with docker compose's fields.
class JsonProgress : public QuietProgress {
 public:
  JsonProgress(std::function<void()> on_tick, Screen screen)
      : QuietProgress(std::move(on_tick)), screen_(screen) {}

  void step_begins(StepId, const Step& step) override {
    tell(step, "Working", verbs(step).doing, "");
  }
  void step_ends(StepId, const Step& step, StepResult result, const std::string& text) override {
    if (result == StepResult::done) {
      tell(step, "Done", verbs(step).done, text);
    } else if (result == StepResult::failed) {
      tell(step, "Error", "Error", text);
    } else {
      tell(step, "Warning", "Skipped", text);
    }
  }

 private:
  void tell(const Step& step, const char* status, const char* text, const std::string& details) {
    nlohmann::ordered_json line{{"id", subject(step.action)}, {"status", status}, {"text", text}};
    if (!details.empty()) line["details"] = details;
    screen_.print(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }

  Screen screen_;
};

/// One row per object, redrawn in place: the last thing that happened to it, and for how long.
class LiveProgress : public QuietProgress {
 public:
  LiveProgress(std::function<void()> on_tick, Screen screen, bool colour)
      : QuietProgress(std::move(on_tick)), screen_(screen), colour_(colour) {}

  void plan_begins(const Plan& plan) override {
    for (const auto& step : plan.steps) row(step);
    draw();
  }
  void step_begins(StepId, const Step& step) override {
    Row& it = row(step);
    it.state = verbs(step).doing;
    it.look = Look::working;
    if (it.begun == Clock::time_point{}) it.begun = Clock::now();
    draw();
  }
  void step_ends(StepId, const Step& step, StepResult result, const std::string& text) override {
    Row& it = row(step);
    it.state = result == StepResult::done     ? verbs(step).done
               : result == StepResult::failed ? "Error"
                                              : "Skipped";
    it.look = result == StepResult::done ? Look::done : Look::failed;
    it.note = result == StepResult::failed ? "" : text;
    it.ended = Clock::now();
    draw();
  }
  void tick() override {
    QuietProgress::tick();
    ++frame_;
    draw();
  }
  void plan_ends() override { draw(); }

 private:
  enum class Look { waiting, working, done, failed };
  struct Row {
    std::string subject;
    std::string state;
    std::string note;
    Look look = Look::waiting;
    Clock::time_point begun{};
    Clock::time_point ended{};
  };

  Row& row(const Step& step) {
    const std::string name = subject(step.action);
    const auto [at, fresh] = places_.try_emplace(name, rows_.size());
    if (fresh) rows_.push_back({name, {}, {}, Look::waiting, {}, {}});
    return rows_[at->second];
  }

  void draw() {
    const ScreenSize size = screen_size(screen_.fd);
    const std::size_t most = static_cast<std::size_t>(std::max(4, size.rows - 3));
    const std::size_t shown = std::min(rows_.size(), most);
    std::string text = drawn_ > 0 ? fmt::format("\x1b[{}A", drawn_) : "";
    text += fmt::format("\r\x1b[K{}\n", headline());
    drawn_ = 1;
    for (std::size_t index = 0; index < shown; ++index, ++drawn_) {
      text += "\x1b[K" + line(rows_[first_shown(shown) + index], size.columns) + "\n";
    }
    if (rows_.size() > shown) {
      text += fmt::format("\x1b[K ... {} more\n", rows_.size() - shown);
      ++drawn_;
    }
    screen_.print(text);
  }

  /// With more rows than the screen has, those around the first unfinished one.
  std::size_t first_shown(std::size_t shown) const {
    std::size_t first = 0;
    while (first < rows_.size() && rows_[first].look == Look::done) ++first;
    return std::min(first, rows_.size() - shown);
  }

  std::string headline() const {
    const auto done = std::ranges::count(rows_, Look::done, &Row::look);
    return fmt::format("[+] Running {}/{}", done, rows_.size());
  }

  std::string line(const Row& row, int columns) const {
    const auto end = row.look == Look::working ? Clock::now() : row.ended;
    const std::string time = row.begun == Clock::time_point{} ? "" : seconds_text(end - row.begun);
    std::string text = fmt::format("{:<40} {}", printable(row.subject), row.state);
    if (!row.note.empty()) text += "  " + row.note;
    const std::size_t room = static_cast<std::size_t>(std::max(20, columns - 12));
    if (text.size() > room) text.resize(room);
    text.resize(room, ' ');
    return fmt::format(" {} {} {}", mark(row.look), paint(text, row.look), time);
  }

  std::string mark(Look look) const {
    static constexpr const char* spinner[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    switch (look) {
      case Look::waiting:
        return " ";
      case Look::working:
        return spinner[frame_ % std::size(spinner)];
      case Look::done:
        return paint("✔", look);
      case Look::failed:
        return paint("✘", look);
    }
    return " ";
  }

  std::string paint(const std::string& text, Look look) const {
    if (!colour_ || look == Look::waiting || look == Look::working) return text;
    return coloured(text, look == Look::done ? Colour::green : Colour::red);
  }

  Screen screen_;
  bool colour_;
  std::vector<Row> rows_;
  std::map<std::string, std::size_t> places_;
  std::size_t drawn_ = 0;
  std::size_t frame_ = 0;
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
