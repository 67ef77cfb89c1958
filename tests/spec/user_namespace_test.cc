// SPDX-License-Identifier: Apache-2.0
#include "spec/user_namespace.h"

#include <gtest/gtest.h>

#include "load_text.h"

namespace stack::spec {
namespace {

std::string messages(const std::string& services) {
  return messages_of(load_text("services:\n" + services));
}

TEST(UserNamespace, ModesTellHowManyIdsThereAre) {
  EXPECT_EQ(id_count("auto"), 65536U);
  EXPECT_EQ(id_count("auto:size=1000"), 1000U);
  for (const char* mode : {"", "host", "auto:", "auto:size=0", "auto:size=16777217", "auto:size=-1",
                           "auto:size=1,uidmapping=0:1:1", "keep-id", "nomap"})
    EXPECT_EQ(id_count(mode), std::nullopt) << mode;
}

TEST(UserNamespace, OtherModesAreNamed) {
  EXPECT_EQ(messages("  web: {image: x, userns_mode: keep-id}\n"),
            "2: \"userns_mode\" of service \"web\" cannot be \"keep-id\" (host, auto, "
            "auto:size=N)\n");
}

TEST(UserNamespace, NothingOfTheHostGoesWithIt) {
  EXPECT_EQ(messages("  web:\n    image: x\n    userns_mode: auto\n    privileged: true\n"),
            "5: service \"web\": a privileged container cannot have a user namespace of its own "
            "(leave out privileged, or say userns_mode: host)\n");
  for (const char* key : {"network_mode", "pid", "ipc"})
    EXPECT_EQ(messages(std::string("  web:\n    image: x\n    userns_mode: auto\n    ") + key +
                       ": host\n"),
              std::string("5: service \"web\": a container with a namespace of the host cannot "
                          "have a user namespace of its own (leave out ") +
                  key + ", or say userns_mode: host)\n");
  EXPECT_EQ(messages("  web: {image: x, userns_mode: host, privileged: true, pid: host}\n"), "");
}

TEST(UserNamespace, WhoSharesANamespaceSharesTheIds) {
  EXPECT_EQ(messages("  web:\n    image: x\n    pid: service:db\n"
                     "  db: {image: x, userns_mode: auto}\n"),
            "4: services \"web\" and \"db\" share a namespace, but not their ids (give both the "
            "same userns_mode)\n");
  EXPECT_EQ(messages("  web: {image: x, userns_mode: auto, pid: 'service:db'}\n"
                     "  db: {image: x, userns_mode: auto}\n"),
            "");
  EXPECT_EQ(messages("  web:\n    image: x\n    userns_mode: auto\n    pid: service:db\n"
                     "    ipc: service:cache\n"
                     "  db: {image: x, userns_mode: auto}\n"
                     "  cache: {image: x, userns_mode: auto}\n"),
            "6: service \"web\" shares namespaces of two containers, each with ids of its own "
            "(share those of one, or say userns_mode: host in all of them)\n");
}

}  // namespace
}  // namespace stack::spec
