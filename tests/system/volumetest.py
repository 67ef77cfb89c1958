# SPDX-License-Identifier: Apache-2.0
"""What tests of volumes have in common: the one of `data` in a stack file, and none left behind."""

import stacktest


class VolumeTest(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget)
        self.volume = f"{self.project}_data"

    def forget(self):
        self.stack("down", "-v", "--now", expect=None)
        self.stack("volume", "prune", "-a", "--now", "-f")
