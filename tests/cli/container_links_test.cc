// SPDX-License-Identifier: Apache-2.0
#include "cli/container_links.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::cli {
namespace {

supervisor::ObservedContainer database() {
  supervisor::ObservedContainer db;
  db.config.id = "0123456789abcdef";
  db.config.name = "my-db";
  db.config.spec.process.environment = {"PATH=/bin", "HOME=/root", "HOSTNAME=x", "COLOUR=blue"};
  db.config.ports = {{"", 15432, 0, 5432}};
  db.status.process.pid = 12;
  db.status.addresses["bridge"].v4 = network::parse_ipv4("172.17.0.5");
  return db;
}

TEST(Links, TheOtherIsDescribedInVariables) {
  const auto db = database();
  spec::Service web;
  web.name = "web";
  web.environment["THE_DB_ENV_COLOUR"] = "mine";
  add_link({"the-db", &db, {"53/udp"}}, web);
  const spec::Environment wanted{{"THE_DB_ENV_COLOUR", "mine"},
                                 {"THE_DB_NAME", "/web/the-db"},
                                 {"THE_DB_PORT", "udp://172.17.0.5:53"},
                                 {"THE_DB_PORT_53_UDP", "udp://172.17.0.5:53"},
                                 {"THE_DB_PORT_53_UDP_ADDR", "172.17.0.5"},
                                 {"THE_DB_PORT_53_UDP_PORT", "53"},
                                 {"THE_DB_PORT_53_UDP_PROTO", "udp"},
                                 {"THE_DB_PORT_5432_TCP", "tcp://172.17.0.5:5432"},
                                 {"THE_DB_PORT_5432_TCP_ADDR", "172.17.0.5"},
                                 {"THE_DB_PORT_5432_TCP_PORT", "5432"},
                                 {"THE_DB_PORT_5432_TCP_PROTO", "tcp"}};
  EXPECT_EQ(web.environment, wanted);
  EXPECT_EQ(web.extra_hosts,
            (spec::Strings{"the-db=172.17.0.5", "my-db=172.17.0.5", "0123456789ab=172.17.0.5"}));
}

TEST(Links, WhatDoesNotRunCannotBeLinkedTo) {
  auto db = database();
  db.status.process.pid = 0;
  spec::Service web;
  web.name = "web";
  try {
    add_link({"db", &db, {}}, web);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "Cannot link to a non running container: /my-db AS /web/db");
  }
}

}  // namespace
}  // namespace stack::cli
