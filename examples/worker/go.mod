module everyday/worker

go 1.19
