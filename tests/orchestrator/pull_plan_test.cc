// SPDX-License-Identifier: Apache-2.0
// Which images are fetched, by what the services and the command line say.
#include "orchestrator/pull_plan.h"

#include <gtest/gtest.h>

#include "builders.h"

namespace stack::orchestrator {
namespace {

using namespace testing;
using std::chrono::hours;

const std::chrono::system_clock::time_point now{hours(1'000'000)};

/// The images that are fetched for one service each of the given policies; all but "absent" exist
/// and were pulled two days ago.
std::string fetched(const std::vector<std::pair<std::string, std::string>>& images_and_policies,
                    const std::string& policy = "") {
  std::vector<spec::Service> services;
  std::set<std::string> names;
  ImageCatalog images;
  for (const auto& [image, own] : images_and_policies) {
    spec::Service each = service("s" + std::to_string(services.size()));
    each.image = image;
    each.pull_policy = own;
    names.insert(each.name);
    services.push_back(each);
    if (image != "absent") images[image] = {"id", {}, now - hours(48)};
    if (image == "own") images[image].pulled = {};
  }
  std::string text;
  for (const auto& task : images_to_pull(project(services), names, images, policy, now)) {
    text += task.image;
    for (const auto& name : task.services) text += " " + name;
    text += "\n";
  }
  return text;
}

TEST(PullPlan, FetchesWhatIsMissing) {
  EXPECT_EQ(fetched({{"absent", ""}, {"there", ""}, {"absent", "missing"}}), "absent s0 s2\n");
  EXPECT_EQ(fetched({{"absent", "never"}, {"absent", "build"}}), "");
}

TEST(PullPlan, FetchesAnewWhatThePolicySays) {
  EXPECT_EQ(fetched({{"there", "always"}}), "there s0\n");
  EXPECT_EQ(fetched({{"there", "daily"}}), "there s0\n");
  EXPECT_EQ(fetched({{"there", "weekly"}}), "");
  EXPECT_EQ(fetched({{"there", "every_49h"}}), "");
  EXPECT_EQ(fetched({{"there", "every_47h"}}), "there s0\n");
  EXPECT_EQ(fetched({{"own", "daily"}}), "") << "nobody fetched it: it is not replaced";
}

TEST(PullPlan, FetchesWhatIsOlderThanItSays) {
  spec::Service web = service("web");
  web.image = "there";
  const ImageCatalog images{{"there", {"id", {}, now - hours(48)}}};
  const auto is_fetched = [&](const char* policy, const char* after) {
    web.pull_policy = policy;
    web.pull_refresh_after = after;
    return !images_to_pull(project({web}), {"web"}, images, "", now).empty();
  };
  EXPECT_TRUE(is_fetched("refresh", "47h"));
  EXPECT_TRUE(is_fetched("", "47h"));
  EXPECT_FALSE(is_fetched("refresh", "49h"));
  EXPECT_FALSE(is_fetched("never", "47h"));
  EXPECT_FALSE(is_fetched("refresh", ""));
}

TEST(PullPlan, IsOverruledByTheCommandLine) {
  EXPECT_EQ(fetched({{"absent", "always"}}, "never"), "");
  EXPECT_EQ(fetched({{"there", "never"}}, "always"), "there s0\n");
  EXPECT_EQ(fetched({{"there", "always"}, {"absent", "never"}}, "missing"), "absent s1\n");
}

}  // namespace
}  // namespace stack::orchestrator
