// SPDX-License-Identifier: Apache-2.0
#include "cli/build_progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/live_area.h"
#include "cli/style.h"

namespace stack::cli {
namespace {

using Clock = std::chrono::steady_clock;
using build::BuildReport;

/// A screen that is gone is no reason to leave a build half done.
void print(const std::string& text) {
  try {
    write_all(STDERR_FILENO, text);
  } catch (const Error&) {
  }
}

struct StepView {
  std::string title;
  Clock::time_point began = Clock::now();
  std::string line;    ///< not finished yet
  std::string output;  ///< its end, for when it fails
};

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

/// Nothing but what a failed step printed.
class QuietBuild : public BuildReport {
 public:
  void begin(int step, const std::string& title) override { steps_[step].title = title; }
  void output(int step, std::string_view bytes) override {
    constexpr std::size_t most = 64U << 10;
    std::string& kept = steps_[step].output;
    kept += bytes;
    if (kept.size() > 2 * most) kept.erase(0, kept.size() - most);
  }
  void end(int step, End how) override {
    if (how == End::failed) tell_failure(steps_[step]);
    steps_.erase(step);
  }
  void warn(const std::string&) override {}

 protected:
  static void tell_failure(const StepView& step) {
    print(fmt::format("------\n > {}:\n{}{}------\n", printable(step.title), step.output,
                      step.output.empty() || step.output.ends_with('\n') ? "" : "\n"));
  }
  std::map<int, StepView> steps_;
};

/// docker's plain lines: "#3 0.120 what it printed".
class PlainBuild : public QuietBuild {
 public:
  void begin(int step, const std::string& title) override {
    QuietBuild::begin(step, title);
    print(fmt::format("#{} {}\n", step, printable(title)));
  }
  void output(int step, std::string_view bytes) override {
    StepView& view = steps_[step];
    std::string text;
    for (const char c : bytes) {
      view.line += c;
      if (c == '\n') text += take_line(step, view);
    }
    print(text);
  }
  void end(int step, End how) override {
    StepView& view = steps_[step];
    if (!view.line.empty()) print(take_line(step, view));
    const double seconds = seconds_since(view.began);
    if (how == End::cached) print(fmt::format("#{} CACHED\n\n", step));
    if (how == End::done) print(fmt::format("#{} DONE {:.1f}s\n\n", step, seconds));
    if (how == End::failed) print(fmt::format("#{} ERROR {:.1f}s\n\n", step, seconds));
    if (how == End::cancelled) print(fmt::format("#{} CANCELED\n\n", step));
    steps_.erase(step);
  }
  void warn(const std::string& text) override { print(fmt::format("warning: {}\n", text)); }

 private:
  static std::string take_line(int step, StepView& view) {
    std::string line = std::exchange(view.line, {});
    if (!line.ends_with('\n')) line += '\n';
    return fmt::format("#{} {:.3f} {}", step, seconds_since(view.began), line);
  }
};

/// A line for each step that is over, and below them one for each that is under way.
class TerminalBuild : public QuietBuild {
 public:
  void begin(int step, const std::string& title) override {
    QuietBuild::begin(step, title);
    draw("");
  }
  void end(int step, End how) override {
    static constexpr const char* words[] = {"", "CACHED ", "ERROR ", "CANCELED "};
    const StepView view = steps_[step];
    if (how == End::failed) print(area_.redraw({}, screen_size(STDERR_FILENO)));
    QuietBuild::end(step, how);
    draw(fmt::format(" => {}{}  {:.1f}s\n", words[static_cast<int>(how)], printable(view.title),
                     seconds_since(view.began)));
  }
  void warn(const std::string& text) override { draw(fmt::format("warning: {}\n", text)); }

 private:
  /// `lasting` stays above the lines of what is under way.
  void draw(const std::string& lasting) {
    const ScreenSize size = screen_size(STDERR_FILENO);
    std::string text;
    if (!lasting.empty()) text = area_.redraw({}, size);
    text += lasting;
    const auto most = static_cast<std::size_t>(std::max(1, size.rows - 2));
    std::vector<ShownLine> lines;
    for (const auto& [step, view] : steps_) {
      if (lines.size() == most) break;
      lines.push_back(fitting_line(fmt::format(" => {}", printable(view.title)), size));
    }
    text += area_.redraw(lines, size);
    print(text);
  }

  LiveArea area_;
};

}  // namespace

std::unique_ptr<BuildReport> make_build_progress(const Options& options) {
  if (options.quiet || options.progress == "quiet") return std::make_unique<QuietBuild>();
  if (shows_live_progress(STDERR_FILENO, options)) return std::make_unique<TerminalBuild>();
  return std::make_unique<PlainBuild>();
}

}  // namespace stack::cli
