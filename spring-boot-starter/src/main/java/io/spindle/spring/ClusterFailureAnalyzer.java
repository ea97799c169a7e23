// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.ClusterException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;

/** Explains why a cluster did not start, or could not go on. */
final class ClusterFailureAnalyzer implements FailureAnalyzer {

    private static final String PLAIN =
            " Or remove '" + SpindleClusterProperties.WORKERS + "' to run the application in one process.";

    ClusterFailureAnalyzer() {}

    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof NotClusterableException) {
                return new FailureAnalysis(
                        "'" + SpindleClusterProperties.WORKERS + "' is set, but this is a servlet application: only"
                                + " servers on Reactor Netty share their ports.",
                        "Use spring-boot-starter-webflux instead of spring-boot-starter-webmvc, or set"
                                + " 'spring.main.web-application-type=reactive' if both are there." + PLAIN,
                        failure);
            }
            if (cause instanceof ClusterException) {
                return new FailureAnalysis(
                        "The cluster has ended: " + cause.getMessage() + ".",
                        "Look for the first error of a worker above, and repair that." + PLAIN,
                        failure);
            }
            if (cause instanceof UnsupportedOperationException && isOfCluster(cause)) {
                return new FailureAnalysis(
                        "This platform cannot share ports between processes: " + cause.getMessage() + ".",
                        "Run it on Linux, with netty-transport-native-epoll for this processor on the class path."
                                + PLAIN,
                        failure);
            }
        }
        return null;
    }

    private static boolean isOfCluster(Throwable cause) {
        for (StackTraceElement frame : cause.getStackTrace()) {
            if (frame.getClassName().startsWith("io.spindle.cluster.")) {
                return true;
            }
        }
        return false;
    }
}
