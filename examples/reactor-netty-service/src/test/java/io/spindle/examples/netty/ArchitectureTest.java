// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.netty;

import io.spindle.testkit.HouseRules;

class ArchitectureTest extends HouseRules {

    @Override
    protected boolean mayPrint() {
        return true;
    }
}
