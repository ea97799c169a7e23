// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/** Tells BlockHound that a loop without work may sleep. Used only where BlockHound is installed. */
public final class LoopBlockHoundIntegration implements BlockHoundIntegration {

    /** Called by BlockHound's service loader. */
    public LoopBlockHoundIntegration() {}

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.allowBlockingCallsInside(NettyLoop.class.getName(), "park");
        builder.allowBlockingCallsInside(NettyLoop.class.getName(), "isFoundBySpinning");
    }
}
