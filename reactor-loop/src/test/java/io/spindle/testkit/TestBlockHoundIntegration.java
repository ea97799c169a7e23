// SPDX-License-Identifier: Apache-2.0
package io.spindle.testkit;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Allows the short locks inside what tests hand their findings over with. Where BlockHound throws out of a contended lock,
 * a signal is lost, so that a test fails now and then on a loaded machine.
 */
public final class TestBlockHoundIntegration implements BlockHoundIntegration {

    /** Called by BlockHound's service loader. */
    public TestBlockHoundIntegration() {}

    @Override
    public void applyTo(BlockHound.Builder builder) {
        String received = "org.reactivestreams.tck.TestEnvironment$Receptacle";
        builder.allowBlockingCallsInside(received, "add");
        builder.allowBlockingCallsInside(received, "complete");
        builder.allowBlockingCallsInside("java.util.concurrent.LinkedBlockingQueue", "offer");
        builder.allowBlockingCallsInside("io.spindle.loop.LoopWatchdogTest", "waitOnTheLoop"); // its subject
    }
}
