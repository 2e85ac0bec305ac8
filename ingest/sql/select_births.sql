-- What births have said of the metrics of all Sparkplug gateways.
SELECT gateway, device, bd_seq, metrics FROM gateway_birth
