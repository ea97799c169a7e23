// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Tells BlockHound that a loop may ask the JDK whether a child lives: since Java 21 that takes a lock, which the JDK holds
 * for as long as it writes down an exit. Used only where BlockHound is installed.
 *
 * @since 0.1.0
 */
public final class ProcessBlockHoundIntegration implements BlockHoundIntegration {

    /** Called by BlockHound's service loader. */
    public ProcessBlockHoundIntegration() {}

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.allowBlockingCallsInside(JdkProcess.class.getName(), "isAlive");
        builder.allowBlockingCallsInside(JdkProcess.class.getName(), "status");
    }
}
